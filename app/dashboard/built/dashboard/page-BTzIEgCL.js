var e,t,n,r,i,a,o,s,c,l,u,d=Symbol.for(`pv`),f={},p=[],m=/^m(i|n|o|s|text|space)$/,h=Array.isArray,g=p.slice,_=Object.assign;function v(e){e&&e.parentNode&&e.remove()}function y(e,t,n){var r,i,a,o={},s=arguments.length;for(a in t)a==`key`?r=t[a]:a==`ref`&&typeof e!=`function`?i=t[a]:o[a]=t[a];return s>2&&(o.children=s>3?g.call(arguments,2):n),b(e,o,r,i,null)}function b(n,r,i,a,o){var s={type:n,props:r,key:i,ref:a,__k:null,__:null,__b:0,__e:null,__c:null,constructor:d,__v:o||++t,__i:-1,__u:0};return!o&&e.vnode&&e.vnode(s),s}function x(e){return e.children}function S(e,t){this.props=e,this.context=t,this.__g=0}function C(e,t){if(t==null)return e.__&&C(e.__,e.__i+1);for(var n;t<e.__k.length;t++)if((n=e.__k[t])&&n.__e)return n.__e;return typeof e.type!=`function`||e.props.__P?null:C(e)}function w(t){var n,r=t.__v,i=r.__e,a=[],o=[],s=t.__P;s&&((n=_({constructor:d},r)).__v=r.__v+1,e.vnode&&e.vnode(n),re(s,n,r,t.__n,s.namespaceURI,32&r.__u?[i]:null,a,i||C(r),32&r.__u,o),n.__v=r.__v,n.__.__k[n.__i]=n,M(a,n,o),r.__=r.__e=null,n.__e!=i&&T(n))}function T(e){if((e=e.__)&&e.__c&&!e.props.__P)return e.__e=null,e.__k.some(function(t){return t&&(e.__e=t.__e)}),T(e)}function E(t){(8&t.__g||(t.__g|=8,r.push(t),a++))&&i==e.debounceRendering||((i=e.debounceRendering)||queueMicrotask)(D)}function D(){try{for(var e,t=1;r.length;)r.length>t&&r.sort(o),e=r.shift(),t=r.length,8&e.__g&&w(e)}finally{(a=r.length)&&(i||queueMicrotask)(D)}}function ee(e,t,n,r,i,a,o,s,c,l,u){var d,m,h,g,_,v,y=r.__k||p,b=t.length;for(c=O(n,t,y,c,b),d=0;d<b;d++)(h=n.__k[d])!=null&&(m=~h.__i&&y[h.__i]||f,h.__i=d,v=re(e,h,m,i,a,o,s,c,l,u),g=h.__e,(m.ref!=h.ref||8&m.__u)&&(m.ref&&N(m.ref,null,h,m),h.ref&&u.push(h.ref,h.__c||g,h)),_||=g,4&h.__u?(c=k(h,c,e,!m.__v),m.__e&&(m.__e=null)):typeof h.type==`function`&&v!==void 0?c=v:g&&(c=g.nextSibling),h.__u&=-21);return n.__e=_,c}function O(e,t,n,r,i){var a,o,s,c,l,u,f,p,m,g=n.length,_=g,v=0,y=0,S=e.__k=Array(i);for(a=0;a<i;a++)(o=t[a])!=null&&typeof o!=`boolean`&&typeof o!=`function`?(typeof o!=`object`||o.constructor===String?o=S[a]=b(null,o):h(o)?o=S[a]=b(x,{children:o}):o.constructor===d&&o.__b?o=S[a]=b(o.type,o.props,o.key,o.ref,o.__v):S[a]=o,c=a+v,o.__=e,o.__b=e.__b+1,s=null,~(l=o.__i=te(o,n,c,_))&&(_--,(s=n[l])&&(s.__u|=2)),s&&s.__v?(o.__u|=16,l==c-1?v--:l==c+1?v++:l!=c&&(l>c?v--:v++,y=1)):(~l||(i>g?v--:i<g&&v++),typeof o.type!=`function`&&(o.__u|=4))):S[a]=null;if(y){for(u=[],f=[],a=0;a<i;a++)if((o=S[a])&&16&o.__u){for(v=0,p=u.length;v<p;)u[m=v+p>>1]<o.__i?v=m+1:p=m;u[v]=o.__i,f[a]=v+1}for(v=u.length;a--;)f[a]&&(f[a]==v?v--:S[a].__u|=4)}if(_)for(a=0;a<g;a++)!(s=n[a])||2&s.__u||(s.__e==r&&(r=C(s)),se(s,s));return r}function k(e,t,n,r){var i,a,o,s;if(typeof e.type==`function`){if(e.props.__P)return t;if(i=e.__k)for(a=0;a<i.length;a++)i[a]&&(i[a].__=e,t=k(i[a],t,n,!1));return t}for(t&&!t.parentNode&&(t=C(e))&&!t.parentNode&&(t=null),o=e.__e,s=t;s&&s.nodeType==8;)s=s.nextSibling;for(o!=s&&(!r&&n.moveBefore&&o.parentNode?n.moveBefore(o,t):n.insertBefore(o,t||null)),t=o;(t&&=t.nextSibling)&&t.nodeType==8&&!t.data.startsWith(`$s`););return t}function te(e,t,n,r){var i,a=e.key,o=e.type,s=t[n],c=s&&!(2&s.__u);if(s===null&&a==null||c&&a==s.key&&o==s.type)return n;if(r>+!!c){for(i=n-1;i>=0;i--)if((s=t[i])&&!(2&s.__u)&&a==s.key&&o==s.type)return i;for(i=n+1;i<t.length;i++)if((s=t[i])&&!(2&s.__u)&&a==s.key&&o==s.type)return i}return-1}function ne(e,t,n){n??=``,t[0]==`-`?e.setProperty(t,n):e[t]=n}function A(e,t,n,r,i){var a,o;if(t==`style`){if(typeof n==`string`)e.style.cssText=n;else{if(typeof r==`string`&&(e.style.cssText=r=``),r)for(t in r)n&&t in n||ne(e.style,t);if(n)for(t in n)r&&n[t]==r[t]||ne(e.style,t,n[t])}}else if(t[0]==`o`&&t[1]==`n`)typeof n!=`function`&&(n=null),typeof r!=`function`&&(r=null),(e.__e||={})[t]=n,n&&r||(o=u[t]||(u[t]=j(t)),(e.__a||={})[t]=l,a=t!=(t=t.replace(c,`$1`)),(t=t.slice(2))[0]<`a`&&(t=t.toLowerCase()),n?e.addEventListener(t,o,a):e.removeEventListener(t,o,a));else{if(i==`http://www.w3.org/2000/svg`)t=t.replace(/xlink(H|:h)/,`h`).replace(/sName$/,`s`);else if(t!=`width`&&t!=`height`&&t!=`href`&&t!=`list`&&t!=`form`&&t!=`tabIndex`&&t!=`download`&&t!=`rowSpan`&&t!=`colSpan`&&t!=`role`&&t!=`popover`&&t in e)try{e[t]=n??``;return}catch{}if(typeof n==`function`)return;n==null||!1===n&&t[4]!=`-`?e.removeAttribute(t):e.setAttribute(t,t==`popover`&&n==1?``:n)}}function j(t){return function(n){var r=this.__e;if(r){if(r=r[t],n[s]==null)n[s]=l++;else if(n[s]<this.__a[t])return;return r(e.event?e.event(n):n)}}}function re(t,n,r,i,a,o,s,c,l,u){var f,m,g,y,b,w,T,E,D,O,k,te,ne,A,j,re,M,N,P=n.type;if(n.constructor!==d)return null;128&r.__u&&(l=32&r.__u,f=r.__c.__z)&&(n.__u|=l,m=o=[],f.nodeType==8?c=ie(f,o):o.push(f),c=o[0]||c),(f=e.__b)&&f(n);n:if(typeof P==`function`){g=s.length;try{if(E=n.props,D=(f=P.prototype)&&f.render,O=(f=P.contextType)&&i[f.__c],k=f?O?O.props.value:f.__:i,(y=r.__c)?(n.__c=y,2&y.__g&&(y.__g|=1)):(D?n.__c=y=new P(E,k):(n.__c=y=new S(E,k),y.constructor=P,y.render=ce),O&&O.sub(y),y.state||(y.state={}),y.__n=i,y.__g|=8,y.__h=[],y.__k=[]),D&&(y.__s||(y.__s=y.state),P.getDerivedStateFromProps&&(y.__s==y.state&&(y.__s=_({},y.__s)),_(y.__s,P.getDerivedStateFromProps(E,y.__s)))),b=y.props,w=y.state,y.__v=n,r.__c){if(E!==b&&D&&!P.getDerivedStateFromProps&&y.componentWillReceiveProps&&y.componentWillReceiveProps(E,k),n.__v==r.__v&&!(8&y.__g)||!(4&y.__g)&&y.shouldComponentUpdate&&!1===y.shouldComponentUpdate(E,y.__s,k)){n.__v!=r.__v&&(y.props=E,y.state=y.__s,y.__g&=-9),n.__e=r.__e,n.__k=r.__k,n.__k.some(function(e){e&&(e.__=n)}),p.push.apply(y.__h,y.__k),y.__k=[],y.__h.length&&s.push(y),c=C(r);break n}y.componentWillUpdate&&y.componentWillUpdate(E,y.__s,k),D&&y.componentDidUpdate&&y.__h.push(function(){y.componentDidUpdate(b,w,T)})}else D&&!P.getDerivedStateFromProps&&y.componentWillMount&&y.componentWillMount(),D&&y.componentDidMount&&y.__h.push(y.componentDidMount);y.context=k,y.props=E,y.__P=t,y.__g&=-5,te=e.__r,ne=D?25:0;do y.__g&=-9,te&&te(n),f=y.render(y.props,y.state=y.__s,y.context);while(8&y.__g&&++ne<25);D&&(p.push.apply(y.__h,y.__k),y.__k=[]),y.state=y.__s,y.getChildContext&&(i=_({},i,y.getChildContext())),D&&r.__c&&y.getSnapshotBeforeUpdate&&(T=y.getSnapshotBeforeUpdate(b,w)),A=f&&f.type===x&&f.key==null?f.props.children:f,E.__P&&(f=c,a=(t=E.__P).namespaceURI,l=o=null,r.props&&r.props.__P!=t&&(r.__k.some(function(e){e&&se(e,e)}),r.__k=null),c=r.__k?C(r,0):null),c=ee(t,h(A)?A:[A],n,r,i,a,o,s,c,l,u),E.__P&&(n.__e=null,c=f),n.__u&=-161,m&&m.some(v),y.__h.length&&s.push(y),1&y.__g&&(y.__g&=-4)}catch(t){if(s.length=g,n.__v=null,l||o){if(t&&t.then){if(n.__u|=128|l,o){for(~(M=o.indexOf(c||void 0))||(M=o.length);(N=o[M-1])&&N.nodeType==8;)M--;for(;M<o.length;M++)if(N=o[M]){if(o[M]=null,j){if(N==re)break}else{if(N.nodeType!=8)break;N.data.startsWith(`$s`)&&(re=ie(j=N))}}}if(!j){for(;c&&c.nodeType==8&&c.nextSibling;)c=c.nextSibling;j=c}(f=ie(j=n.__c.__z||(n.__c.__z=j)))?(n.__e=j,c=f):n.__e=c,c&&=c.nextSibling}else o&&o.some(v)}else n.__e=r.__e;n.__k||=r.__k||[],t&&t.then||ae(n),e.__e(t,n,r)}}else c=n.__e=oe(r.__e,n,r,i,a,o,s,l,u,t);return(f=e.diffed)&&f(n),c}function ie(e,t){if(e&&e.nodeType==8&&e.data.startsWith(`$s`))for(var n=1;e=e.nextSibling;){if(e.nodeType==8){if(e.data.startsWith(`$s`))n++;else if(e.data.startsWith(`/$s`)&&!--n)return e}t&&t.push(e)}}function ae(e){e&&(e.__c&&(e.__c.__g|=4),e.__k&&e.__k.some(ae))}function M(t,n,r){for(var i=0;i<r.length;)N(r[i++],r[i++],r[i++]);e.__c&&e.__c(n,t),t.some(function(n){try{t=n.__h,n.__h=[],t.some(function(e){e.call(n)})}catch(t){e.__e(t,n.__v)}})}function oe(t,n,r,i,a,o,s,c,l,u){var d,p,_,y,b,x,S,w,T=r.props||f,E=n.props,D=n.type;if(D==`svg`?a=`http://www.w3.org/2000/svg`:D==`math`?a=`http://www.w3.org/1998/Math/MathML`:a||=`http://www.w3.org/1999/xhtml`,o){for(d=0;d<o.length;d++)if((b=o[d])&&(D?b.localName==D:b.nodeType==3)){t=b,o[d]=null;break}}if(!t){if(w=u.ownerDocument||document,!D)return w.createTextNode(E);t=w.createElementNS(a,D,E.is?E:u),c&&=(e.__m&&e.__m(n,o),!1),o=null}if(D){if(u=D==`template`&&t.content||t,o=D==`textarea`&&E.defaultValue!=null?null:o&&g.call(u.childNodes),!c&&o)for(T={},d=0;d<t.attributes.length;d++)T[(b=t.attributes[d]).name]=b.value;for(d in T)b=T[d],d==`dangerouslySetInnerHTML`?_=b:d==`children`||d in E||d==`value`&&`defaultValue`in E||d==`checked`&&`defaultChecked`in E||A(t,d,null,b,a);for(d in E)b=E[d],d==`children`?y=b:d==`dangerouslySetInnerHTML`?p=b:d==`value`?x=b:d==`checked`?S=b:c&&typeof b!=`function`||T[d]===b||A(t,d,b,T[d],a);p?(c||_&&(p.__html==_.__html||p.__html==t.innerHTML)||(t.innerHTML=p.__html),n.__k=[]):(_&&(t.textContent=``),(D==`foreignObject`||a==`http://www.w3.org/1998/Math/MathML`&&m.test(D))&&(a=`http://www.w3.org/1999/xhtml`),ee(u,h(y)?y:[y],n,r,i,a,o,s,o?o[0]:r.__k&&C(r,0),c,l),o&&o.some(v)),c&&D!=`textarea`||(d=`value`,D==`progress`&&x==null?t.removeAttribute(d):x==null||x===t[d]&&(D!=`progress`||x)||A(t,d,x,T[d],a),d=`checked`,S!=null&&S!=t[d]&&A(t,d,S,T[d],a))}else T===E||c&&t.data==E||(t.data=E);return t}function N(t,n,r,i){try{typeof t==`function`?n?n.__x=t(n)||1:(i&&=i.__c||i.__e)&&(n=i.__x)&&(i.__x=null,typeof n==`function`?n():t(null)):t.current=n}catch(t){e.__e(t,r)}}function se(t,n,r){var i,a,o,s;if(e.unmount&&e.unmount(t),!(i=t.ref)||i.current&&i.current!=t.__e||N(i,null,n,t),i=t.__c){if(i.componentWillUnmount)try{i.componentWillUnmount()}catch(t){e.__e(t,n)}i.__P=i.__n=null}if(i=t.__k)for(s=0;s<i.length;s++)i[s]&&se(i[s],n,typeof t.type!=`function`||r&&!t.props.__P);!r&&(i=t.__c)&&(i=i.__z)&&(a=ie(i,o=[]))&&(i==t.__e&&o.some(v),v(a),v(i)),r||v(t.__e),t.__e=t.__c=t.__=null}function ce(e,t,n){return this.constructor(e,n)}function P(t,n){var r,i,a,o;e.__&&e.__(t,n),n.nodeType==9&&(n=n.documentElement),i=(r=t&&32&t.__u)?null:n.__k,n.__k=b(x,{children:[t]}),a=[],o=[],re(n,n.__k,i||f,f,n.namespaceURI,i?null:n.firstChild?g.call(n.childNodes):null,a,i?i.__e:n.firstChild,r,o),M(a,n.__k,o),n.__k.props.children=null}e={__e:function(e,t,n,r){for(var i,o,s;t=t.__;)if((i=t.__c)&&!(1&i.__g)){i.__g|=4;try{if((s=(o=i.constructor)&&o.getDerivedStateFromError)&&i.setState(o.getDerivedStateFromError(e)),i.componentDidCatch&&(i.componentDidCatch(e,r||{}),s=1),s&&8&i.__g)return void(i.__g|=2)}catch(t){e=t}}throw a=0,e}},t=0,n=function(e){return e!=null&&e.constructor===d},S.prototype.setState=function(e,t){var n=this.__s;n&&n!=this.state||(n=this.__s=_({},this.state)),typeof e==`function`&&(e=e(_({},n),this.props)),e&&(_(n,e),this.__v&&(t&&this.__k.push(t),E(this)))},S.prototype.forceUpdate=function(e){this.__v&&(this.__g|=4,e&&this.__h.push(e),E(this))},S.prototype.render=x,r=[],a=0,o=function(e,t){return e.__v.__b-t.__v.__b},s=Symbol(),c=/(PointerCapture)$|Capture$/i,l=0,u={};var F,I,le,ue,de=Object.is,fe=0,pe=[],me=[],L=e,he=L.__b,ge=L.__r,_e=L.diffed,ve=L.__c,ye=L.unmount,be=L.__;function xe(e,t){L.__h&&L.__h(I,e,fe||t),fe=0;var n=I.__H||(I.__H={__:[],__h:[]});return e>=n.__.length&&n.__.push({}),n.__[e]}function Se(e){return fe=1,Ce(Fe,e)}function Ce(e,t,n){var r=xe(F++,2);if(r.t=e,!r.__c&&(r.__=[n?n(t):Fe(void 0,t),function(e){var t=(r.__N||r.__)[0],n=r.t(t,e);de(t,n)||(r.__N=[n,r.__[1]],r.__c.setState({}))}],r.__c=I,!I.__f)){I.__f=!0;var i=I.shouldComponentUpdate;I.shouldComponentUpdate=function(e,t,n){var r=this.__H;if(!r)return!0;var a=!1,o=this.props!=e;if(r.__.some(function(e){e.__N&&(a=!0,de(e.__[0],e.__N[0])||(o=!0))}),i){var s=i.call(this,e,t,n);return a?s||o:s}return!a||o}}return r.__}function we(e,t){var n=xe(F++,3);!L.__s&&Pe(n.__H,t)&&(n.__P=!0,n.__=e,n.u=t,I.__H.__h.push(n))}function Te(e){return fe=5,Ee(function(){return{current:e}},[])}function Ee(e,t){var n=xe(F++,7);return Pe(n.__H,t)&&(n.__=e(),n.__H=t),n.__}function De(){var e=xe(F++,11);if(!e.__){for(var t=I.__v;!t.__m&&t.__;)t=t.__;var n=t.__m||(t.__m=[0,0]);e.__=`P`+n[0]+`-`+n[1]++}return e.__}function Oe(){var e;do{for(;e=me.shift();)try{Me(e)}catch(t){L.__e(t,{__:(e=e.__P)&&e.__v})}for(;e=pe.shift();){var t=e.__H;if(e.__P&&t)try{t.__h.some(Me),t.__h.some(Ne),t.__h=[]}catch(n){t.__h=[],L.__e(n,e.__v)}}}while(me.length)}L.__b=function(e){I=null,he&&he(e)},L.__=function(e,t){e&&t.__k&&t.__k.__m&&(e.__m=t.__k.__m),be&&be(e,t)},L.__r=function(e){ge&&ge(e),F=0;var t=(I=e.__c).__H;t&&(le==I?I.__h=[]:(t.__h.some(Me),t.__h.some(Ne),F=0),t.__h=[],t.__.some(function(e){e.__N&&(e.__=e.__N),e.u=e.__N=void 0})),le=I},L.diffed=function(e){_e&&_e(e);var t=e.__c;t&&t.__H&&(t.__H.__h.length&&je(pe.push(t)),t.__H.__.some(function(e){e.u&&(e.__H=e.u)})),le=I=null},L.__c=function(e,t){t.some(function(e){try{e.__h.some(Me),e.__h=e.__h.filter(function(e){return!e.__||Ne(e)})}catch(t){e.__h=[function(){throw t}]}}),ve&&ve(e,t)},L.unmount=function(e){ye&&ye(e);var t,n,r=e.__c;r&&r.__H&&(r.__H.__.some(function(r){try{if(r.__P&&r.__c){if(n===void 0){for(n=e.__;n&&(!n.__c||!n.__c.__P);)n=n.__;n&&=n.__c}r.__P=n,je(me.push(r))}else Me(r)}catch(e){t=e}}),r.__H=void 0,t&&L.__e(t,r.__v))};var ke=typeof requestAnimationFrame==`function`;function Ae(e){var t,n=function(){clearTimeout(r),ke&&cancelAnimationFrame(t),setTimeout(e)},r=setTimeout(n,35);ke&&(t=requestAnimationFrame(n))}function je(e){e!=1&&ue==L.requestAnimationFrame||((ue=L.requestAnimationFrame)||Ae)(Oe)}function Me(e){var t=I,n=e.__c;typeof n==`function`&&(e.__c=void 0,n()),I=t}function Ne(e){var t=I;e.__c=e.__(),I=t}function Pe(e,t){return!e||e.length!=t.length||t.some(function(t,n){return!de(t,e[n])})}function Fe(e,t){return typeof t==`function`?t(e):t}var Ie=Symbol.for(`preact-signals`);function Le(){if(z>1)z--;else{var e,t=!1;for((function(){var e=Ge;for(Ge=void 0;e!==void 0;){var t=e.S;if(t.v===e.v)for(var n=t.t;n!==void 0;n=n.x)n.i===e.i&&(n.i=t.i);e=e.o}})();Ve!==void 0;){var n=Ve;for(Ve=void 0,He++;n!==void 0;){var r=n.u;if(n.u=void 0,n.f&=-3,!(8&n.f)&&Je(n))try{n.c()}catch(n){t||=(e=n,!0)}n=r}}if(He=0,z--,t)throw e}}function Re(e){if(z>0)return e();We=++Ue,z++;try{return e()}finally{Le()}}var ze,R=void 0;function Be(e){var t=R,n=ze;R=void 0,ze=void 0;try{return e()}finally{R=t,ze=n}}var Ve=void 0,z=0,He=0,Ue=0,We=0,Ge=void 0,Ke=0;function qe(e){if(R!==void 0){var t=e.n;if(t===void 0||t.t!==R)return t={i:0,S:e,p:R.s,n:void 0,t:R,e:void 0,x:void 0,r:t},R.s!==void 0&&(R.s.n=t),R.s=t,e.n=t,32&R.f&&e.S(t),t;if(t.i===-1)return t.i=0,t.n!==void 0&&(t.n.p=t.p,t.p!==void 0&&(t.p.n=t.n),t.p=R.s,t.n=void 0,R.s.n=t,R.s=t),t}}function B(e,t){this.v=e,this.i=0,this.n=void 0,this.t=void 0,this.l=0,this.W=t?.watched,this.Z=t?.unwatched,this.name=t?.name}B.prototype.brand=Ie,B.prototype.h=function(){return!0},B.prototype.S=function(e){var t=this,n=this.t;n!==e&&e.e===void 0&&(e.x=n,this.t=e,n===void 0?Be(function(){var e;(e=t.W)==null||e.call(t)}):n.e=e)},B.prototype.U=function(e){var t=this;if(this.t!==void 0){var n=e.e,r=e.x;n!==void 0&&(n.x=r,e.e=void 0),r!==void 0&&(r.e=n,e.x=void 0),e===this.t&&(this.t=r,r===void 0&&Be(function(){var e;(e=t.Z)==null||e.call(t)}))}},B.prototype.subscribe=function(e){var t=this;return tt(function(){var n=t.value;Be(function(){return e(n)})},{name:`sub`})},B.prototype.valueOf=function(){return this.value},B.prototype.toString=function(){return this.value+``},B.prototype.toJSON=function(){return this.value},B.prototype.peek=function(){var e=this;return Be(function(){return e.value})},Object.defineProperty(B.prototype,"value",{get:function(){var e=qe(this);return e!==void 0&&(e.i=this.i),this.v},set:function(e){if(e!==this.v){if(He>100)throw Error(`Cycle detected`);(function(e){z!==0&&He===0&&e.l!==We&&(e.l=We,Ge={S:e,v:e.v,i:e.i,o:Ge})})(this),this.v=e,this.i++,Ke++,z++;try{for(var t=this.t;t!==void 0;t=t.x)t.t.N()}finally{Le()}}}});function V(e,t){return new B(e,t)}function Je(e){for(var t=e.s;t!==void 0;t=t.n)if(t.S.i!==t.i||!t.S.h()||t.S.i!==t.i)return!0;return!1}function Ye(e){for(var t=e.s;t!==void 0;t=t.n){var n=t.S.n;if(n!==void 0&&(t.r=n),t.S.n=t,t.i=-1,t.n===void 0){e.s=t;break}}}function Xe(e){for(var t=e.s,n=void 0;t!==void 0;){var r=t.p;t.i===-1?(t.S.U(t),r!==void 0&&(r.n=t.n),t.n!==void 0&&(t.n.p=r)):n=t,t.S.n=t.r,t.r!==void 0&&(t.r=void 0),t=r}e.s=n}function H(e,t){B.call(this,void 0,t),this.x=e,this.s=void 0,this.g=Ke-1,this.f=4}H.prototype=new B,H.prototype.h=function(){if(this.f&=-3,1&this.f)return!1;if((36&this.f)==32||(this.f&=-5,this.g===Ke))return!0;if(this.g=Ke,this.f|=1,this.i>0&&!Je(this))return this.f&=-2,!0;var e=R;try{Ye(this),R=this;var t=this.x();(16&this.f||this.v!==t||this.i===0)&&(this.v=t,this.f&=-17,this.i++)}catch(e){this.v=e,this.f|=16,this.i++}return R=e,Xe(this),this.f&=-2,!0},H.prototype.S=function(e){if(this.t===void 0){this.f|=36;for(var t=this.s;t!==void 0;t=t.n)t.S.S(t)}B.prototype.S.call(this,e)},H.prototype.U=function(e){if(this.t!==void 0&&(B.prototype.U.call(this,e),this.t===void 0)){this.f&=-33;for(var t=this.s;t!==void 0;t=t.n)t.S.U(t)}},H.prototype.N=function(){if(!(2&this.f)){this.f|=6;for(var e=this.t;e!==void 0;e=e.x)e.t.N()}},Object.defineProperty(H.prototype,"value",{get:function(){if(1&this.f)throw Error(`Cycle detected`);var e=qe(this);if(this.h(),e!==void 0&&(e.i=this.i),16&this.f)throw this.v;return this.v}});function U(e,t){return new H(e,t)}function Ze(e){var t=e.j;if(e.j=void 0,typeof t==`function`){z++;var n=R;R=void 0;try{t()}catch(t){throw e.f&=-2,e.f|=8,Qe(e),t}finally{R=n,Le()}}}function Qe(e){for(var t=e.s;t!==void 0;t=t.n)t.S.U(t);e.x=void 0,e.s=void 0,Ze(e)}function $e(e){if(R!==this)throw Error(`Out-of-order effect`);Xe(this),R=e,this.f&=-2;try{8&this.f&&Qe(this)}finally{Le()}}function et(e,t){this.x=e,this.j=void 0,this.s=void 0,this.u=void 0,this.f=32,this.name=t?.name,ze&&ze.push(this)}et.prototype.c=function(){var e=this.S();try{if(8&this.f||this.x===void 0)return;var t=this.x();typeof t==`function`&&(this.j=t)}finally{e()}},et.prototype.S=function(){if(1&this.f)throw Error(`Cycle detected`);this.f|=1,this.f&=-9,Ze(this),Ye(this),z++;var e=R;return R=this,$e.bind(this,e)},et.prototype.N=function(){2&this.f||(this.f|=2,this.u=Ve,Ve=this)},et.prototype.d=function(){this.f|=8,1&this.f||Qe(this)},et.prototype.dispose=function(){this.d()};function tt(e,t){var n=new et(e,t);try{n.c()}catch(e){throw n.d(),e}var r=n.d.bind(n);return r[Symbol.dispose]=r,r}var nt,rt,it,at=typeof window<`u`&&!!window.__PREACT_SIGNALS_DEVTOOLS__,ot=[];tt(function(){nt=this.N})();function st(t,n){e[t]=n.bind(null,e[t]||function(){})}function ct(e){if(it){var t=it;it=void 0,t()}it=e&&e.S()}function lt(e){var t=this,r=e.data,i=dt(r);i.name=`ReactiveDom`,i.value=r;var a=Ee(function(){for(var e=t,r=t.__v;r=r.__;)if(r.__c){r.__c.__$f|=4;break}var a=U(function(){var e=i.value.value;return e===0?0:!0===e?``:e||``}),o=U(function(){return!Array.isArray(a.value)&&!n(a.value)}),s=tt(function(){if(this.N=ht,o.value){var t=a.value;e.__v&&e.__v.__e&&e.__v.__e.nodeType===3&&(e.__v.__e.data=t)}}),c=t.__$u.d;return t.__$u.d=function(){s(),c.call(this)},[o,a]},[]),o=a[0],s=a[1];return o.value?s.peek():s.value}lt.displayName=`ReactiveTextNode`,Object.defineProperties(B.prototype,{constructor:{configurable:!0,value:y(x,null).constructor},type:{configurable:!0,value:lt},props:{configurable:!0,get:function(){var e=this;return{data:{get value(){return e.value}}}}},__b:{configurable:!0,value:1}}),st(`__b`,function(e,t){if(ct(),rt=void 0,typeof t.type==`string`){var n,r=t.props;for(var i in r)if(i!==`children`){var a=r[i];a instanceof B&&(n||(t.__np=n={}),n[i]=a,r[i]=a.peek())}}e(t)}),st(`__r`,function(e,t){if(e(t),t.type!==x){ct();var n,r=t.__c;r&&(r.__$f&=-2,(n=r.__$u)===void 0&&(r.__$u=n=function(e,t){var n;return tt(function(){n=this},{name:t}),n.c=e,n}(function(e){return function(){var t;at&&((t=this.y)==null||t.call(this)),e.__$f|=1,e.setState({})}}(r),typeof t.type==`function`?t.type.displayName||t.type.name:``))),rt=r,ct(n)}}),st(`__e`,function(e,t,n,r){ct(),rt=void 0,e(t,n,r)}),st(`diffed`,function(e,t){ct(),rt=void 0;var n;if(typeof t.type==`string`&&(n=t.__e)){var r=t.__np,i=t.props,a=n.U;if(a)for(var o in a){var s=a[o];s===void 0||r&&o in r||(s.d(),a[o]=void 0)}if(r)for(var c in a||(a={},n.U=a),r){var l=a[c],u=r[c];l===void 0?(l=ut(n,c,u,i),a[c]=l):l.o(u,i)}}e(t)});function ut(e,t,n,r){var i=t in e&&e.ownerSVGElement===void 0,a=V(n);return{o:function(e,t){a.value=e,r=t},d:tt(function(){this.N=ht;var n=a.value.value;r[t]!==n&&(r[t]=n,i?e[t]=n:n!=null&&(!1!==n||t[4]===`-`)?e.setAttribute(t,n):e.removeAttribute(t))})}}st(`unmount`,function(e,t){if(typeof t.type==`string`){var n=t.__e;if(n){var r=n.U;if(r)for(var i in n.U=void 0,r){var a=r[i];a&&a.d()}}var o=t.__np;if(o){var s=t.props;for(var c in o)s[c]=o[c]}t.__np=void 0}else{var l=t.__c;if(l){l.__$f|=8;var u=l.__$u;u&&(l.__$u=void 0,u.d())}}e(t)}),st(`__h`,function(e,t,n,r){r<3&&(t.__$f|=2),e(t,n,r)}),S.prototype.shouldComponentUpdate=function(e,t){if(this.__R)return!0;var n=this.__$u,r=n&&n.s!==void 0;for(var i in t)return!0;if(this.__f||typeof this.u==`boolean`&&!0===this.u){var a=2&this.__$f;if(!(r||a||4&this.__$f)||1&this.__$f)return!0}else if(!(r||4&this.__$f)||3&this.__$f)return!0;for(var o in e)if(o!==`__source`&&e[o]!==this.props[o])return!0;for(var s in this.props)if(!(s in e))return!0;return!1};function dt(e,t){return Ee(function(){return V(e,t)},[])}function ft(e,t){var n=Te(e);return n.current=e,rt.__$f|=4,Ee(function(){return U(function(){return n.current()},t)},[])}var pt=function(e){queueMicrotask(function(){queueMicrotask(e)})};function mt(){Re(function(){for(var e;e=ot.shift();)nt.call(e)})}function ht(){ot.push(this)===1&&(e.requestAnimationFrame||pt)(mt)}var W=class extends String{__apiType;value;__meta__;constructor(e,t){super(e),this.value=e,this.__meta__=t}toString(){return this.value}};new W(`
    fragment AgentParts on Agent {
  id
  name
  displayName
  extension {
    number
  }
  activity {
    state
    since
    reason
    callId
    queueIds
    wrapsUpUntil
  }
}
    `,{fragmentName:`AgentParts`}),new W(`
    fragment PartyParts on Party {
  number
  display
  extension
  isAnonymous
  isMasked
}
    `,{fragmentName:`PartyParts`}),new W(`
    fragment LegParts on Leg {
  id
  role
  state
  isOnHold
  isMuted
  startedAt
  ringingAt
  answeredAt
  endedAt
  party {
    ...PartyParts
  }
}
    fragment PartyParts on Party {
  number
  display
  extension
  isAnonymous
  isMasked
}`,{fragmentName:`LegParts`}),new W(`
    fragment LiveCallParts on Call {
  id
  state
  direction
  kind
  sandbox
  lastCallSequence
  createdAt
  ringingAt
  connectedAt
  endedAt
  disposition
  extension
  agentName
  externalId
  recordingMode
  agentParty {
    ...PartyParts
  }
  customerParty {
    ...PartyParts
  }
  dialledNumber {
    ...PartyParts
  }
  callerId {
    ...PartyParts
  }
  legs {
    ...LegParts
  }
  supervisions {
    id
    mode
    state
    supervisor {
      ...PartyParts
    }
  }
  transfer {
    id
    kind
    state
    target {
      ...PartyParts
    }
  }
  recordings @include(if: $withRecordings) {
    id
    state
  }
}
    fragment PartyParts on Party {
  number
  display
  extension
  isAnonymous
  isMasked
}
fragment LegParts on Leg {
  id
  role
  state
  isOnHold
  isMuted
  startedAt
  ringingAt
  answeredAt
  endedAt
  party {
    ...PartyParts
  }
}`,{fragmentName:`LiveCallParts`}),new W(`
    fragment CampaignProgressParts on CampaignProgress {
  campaignId
  state
  waiting
  inFlight
  finished
  skipped
  contactsTaken
  statistics {
    total
    dialled
    answered
    busy
    noAnswer
    machine
    cancelled
    congestion
    unreachable
    abandoned
    abandonedPercent
    dnc
    finished
    skipped
    talkSeconds
  }
}
    `,{fragmentName:`CampaignProgressParts`}),new W(`
    fragment CampaignRow on Campaign {
  id
  name
  kind
  state
  pauseReason
  pauseDetail
  finishReason
  callsPerMinute
  maxConcurrentCalls
  startAt
  startedAt
  pausedAt
  finishedAt
  createdAt
  sandbox
  archivedAt
}
    `,{fragmentName:`CampaignRow`}),new W(`
    fragment RecordParty on Party {
  number
  display
  extension
  isAnonymous
}
    `,{fragmentName:`RecordParty`}),new W(`
    fragment RecordCdr on Cdr {
  id
  callId
  createdAt
  direction
  kind
  disposition
  agentName
  agentParty {
    ...RecordParty
  }
  customerParty {
    ...RecordParty
  }
  talkSeconds
  durationSeconds
  recordingIds
  sandbox
}
    fragment RecordParty on Party {
  number
  display
  extension
  isAnonymous
}`,{fragmentName:`RecordCdr`}),new W(`
    fragment RecordJob on Job {
  id
  state
  progress
  counts {
    processed
    total
  }
  failure
  report {
    url
    fileName
    sizeBytes
  }
}
    `,{fragmentName:`RecordJob`}),new W(`
    fragment RecordKey on ApiKey {
  id
  name
  hint
  scopes
  isTest
  ipAllowList
  documentHashes
  createdAt
  expiresAt
  revokedAt
}
    `,{fragmentName:`RecordKey`}),new W(`
    fragment QueueParts on QueueActivity {
  queueId
  waitingCount
  longestWaitSeconds
  queue {
    id
    name
    strategy
    maxWaitSeconds
    maxLength
  }
  agents {
    state
    agents
  }
  waiting {
    callId
    position
    joinedAt
    priority
    offeredAgentIds
    call {
      id
      customerParty {
        ...PartyParts
      }
    }
  }
}
    fragment PartyParts on Party {
  number
  display
  extension
  isAnonymous
  isMasked
}`,{fragmentName:`QueueParts`}),new W(`
    fragment RecordPageInfo on PageInfo {
  hasNextPage
  endCursor
}
    `,{fragmentName:`RecordPageInfo`}),new W(`
    fragment RecordRecording on Recording {
  id
  callId
  kind
  mode
  state
  createdAt
  durationSeconds
  sizeBytes
  extension
  failure
  customerParty {
    ...RecordParty
  }
}
    fragment RecordParty on Party {
  number
  display
  extension
  isAnonymous
}`,{fragmentName:`RecordRecording`}),new W(`
    fragment RecordMoney on Money {
  amount
  currency
}
    `,{fragmentName:`RecordMoney`}),new W(`
    fragment RecordEndpoint on WebhookEndpoint {
  id
  url
  description
  eventTypes
  apiVersion
  format
  includePersonalData
  includeDtmf
  includeRecordingUrls
  isEnabled
  disabledAt
  disabledReason
  failingSince
  previousSecretExpiresAt
  createdAt
}
    `,{fragmentName:`RecordEndpoint`}),new W(`
    fragment RecordAttempt on WebhookAttempt {
  id
  number
  startedAt
  status
  failure
  latencySeconds
  responseExcerpt
}
    `,{fragmentName:`RecordAttempt`}),new W(`
    fragment RecordDelivery on WebhookDelivery {
  id
  eventId
  eventType
  subjectId
  deliverySequence
  state
  isReplay
  isTestEvent
  attemptCount
  createdAt
  nextAttemptAt
  finishedAt
}
    `,{fragmentName:`RecordDelivery`});var gt=new W(`
    subscription AgentActivity {
  agentActivity {
    __typename
    ... on AgentSnapshot {
      chunk
      isLast
      cursor
      agents {
        ...AgentParts
      }
    }
    ... on AgentChanged {
      cursor
      agent {
        ...AgentParts
      }
    }
    ... on Gap {
      missedCount
    }
  }
}
    fragment AgentParts on Agent {
  id
  name
  displayName
  extension {
    number
  }
  activity {
    state
    since
    reason
    callId
    queueIds
    wrapsUpUntil
  }
}`),_t=new W(`
    query QueueNames {
  queues(first: 200) {
    nodes {
      id
      name
    }
  }
}
    `),vt=new W(`
    mutation SetAgentState($id: ID!, $state: AgentState!, $reason: String) {
  setAgentState(input: {agentId: $id, state: $state, reason: $reason}) {
    userErrors {
      code
      message
      field
    }
  }
}
    `),yt=new W(`
    query AuditEvents($filter: AuditEventFilterInput, $first: Int, $after: String) {
  auditEvents(filter: $filter, first: $first, after: $after) {
    nodes {
      at
      action
      outcome
      actor {
        kind
        id
      }
      subjectId
      remoteAddress
      requestId
      details {
        name
        value
      }
    }
    pageInfo {
      ...RecordPageInfo
    }
  }
}
    fragment RecordPageInfo on PageInfo {
  hasNextPage
  endCursor
}`),bt=new W(`
    subscription LiveCalls($withRecordings: Boolean!) {
  liveCalls {
    __typename
    ... on Snapshot {
      chunk
      isLast
      cursor
      calls {
        ...LiveCallParts
      }
    }
    ... on CallChanged {
      cursor
      call {
        ...LiveCallParts
      }
    }
    ... on CallRemoved {
      cursor
      callId
      call {
        ...LiveCallParts
      }
    }
    ... on Gap {
      missedCount
    }
  }
}
    fragment PartyParts on Party {
  number
  display
  extension
  isAnonymous
  isMasked
}
fragment LegParts on Leg {
  id
  role
  state
  isOnHold
  isMuted
  startedAt
  ringingAt
  answeredAt
  endedAt
  party {
    ...PartyParts
  }
}
fragment LiveCallParts on Call {
  id
  state
  direction
  kind
  sandbox
  lastCallSequence
  createdAt
  ringingAt
  connectedAt
  endedAt
  disposition
  extension
  agentName
  externalId
  recordingMode
  agentParty {
    ...PartyParts
  }
  customerParty {
    ...PartyParts
  }
  dialledNumber {
    ...PartyParts
  }
  callerId {
    ...PartyParts
  }
  legs {
    ...LegParts
  }
  supervisions {
    id
    mode
    state
    supervisor {
      ...PartyParts
    }
  }
  transfer {
    id
    kind
    state
    target {
      ...PartyParts
    }
  }
  recordings @include(if: $withRecordings) {
    id
    state
  }
}`),xt=new W(`
    query CallById($id: ID!, $withRecordings: Boolean!) {
  call(id: $id) {
    ...LiveCallParts
  }
}
    fragment PartyParts on Party {
  number
  display
  extension
  isAnonymous
  isMasked
}
fragment LegParts on Leg {
  id
  role
  state
  isOnHold
  isMuted
  startedAt
  ringingAt
  answeredAt
  endedAt
  party {
    ...PartyParts
  }
}
fragment LiveCallParts on Call {
  id
  state
  direction
  kind
  sandbox
  lastCallSequence
  createdAt
  ringingAt
  connectedAt
  endedAt
  disposition
  extension
  agentName
  externalId
  recordingMode
  agentParty {
    ...PartyParts
  }
  customerParty {
    ...PartyParts
  }
  dialledNumber {
    ...PartyParts
  }
  callerId {
    ...PartyParts
  }
  legs {
    ...LegParts
  }
  supervisions {
    id
    mode
    state
    supervisor {
      ...PartyParts
    }
  }
  transfer {
    id
    kind
    state
    target {
      ...PartyParts
    }
  }
  recordings @include(if: $withRecordings) {
    id
    state
  }
}`),St=new W(`
    query CallTimeline($id: ID!) {
  call(id: $id) {
    id
    explain
    events(last: 100) {
      nodes {
        __typename
        id
        type
        timestamp
        callSequence
        ... on LegEvent {
          leg {
            role
            party {
              ...PartyParts
            }
          }
        }
      }
    }
  }
}
    fragment PartyParts on Party {
  number
  display
  extension
  isAnonymous
  isMasked
}`),Ct=new W(`
    subscription LiveFigures($timeZone: String!) {
  liveStatistics(timeZone: $timeZone) {
    __typename
    ... on LiveStatisticsChanged {
      cursor
      statistics {
        countedAt
        liveCalls
        waitingCalls
        agents {
          state
          agents
        }
        live {
          state
          calls
        }
        today {
          calls
          connectedCalls
          talkSeconds
        }
      }
    }
  }
}
    `),wt=new W(`
    mutation HangupCall($id: ID!) {
  hangupCall(input: {callId: $id}) {
    userErrors {
      code
      message
      field
    }
  }
}
    `),Tt=new W(`
    mutation HoldCall($id: ID!, $legId: ID) {
  holdCall(input: {callId: $id, legId: $legId}) {
    userErrors {
      code
      message
      field
    }
  }
}
    `),Et=new W(`
    mutation UnholdCall($id: ID!, $legId: ID) {
  unholdCall(input: {callId: $id, legId: $legId}) {
    userErrors {
      code
      message
      field
    }
  }
}
    `),Dt=new W(`
    mutation TransferCall($input: TransferCallInput!) {
  transferCall(input: $input) {
    userErrors {
      code
      message
      field
    }
  }
}
    `),Ot=new W(`
    mutation CompleteTransfer($id: ID!) {
  completeTransfer(input: {callId: $id}) {
    userErrors {
      code
      message
      field
    }
  }
}
    `),kt=new W(`
    mutation CancelTransfer($id: ID!) {
  cancelTransfer(input: {callId: $id}) {
    userErrors {
      code
      message
      field
    }
  }
}
    `),At=new W(`
    mutation StartRecording($id: ID!) {
  startRecording(input: {callId: $id, mode: BOTH}) {
    userErrors {
      code
      message
      field
    }
  }
}
    `),jt=new W(`
    mutation StopRecording($id: ID!) {
  stopRecording(input: {recordingId: $id}) {
    userErrors {
      code
      message
      field
    }
  }
}
    `),Mt=new W(`
    mutation StartSupervision($input: StartSupervisionInput!) {
  startSupervision(input: $input) {
    userErrors {
      code
      message
      field
    }
  }
}
    `),Nt=new W(`
    mutation UpdateSupervision($id: ID!, $mode: SupervisionMode!) {
  updateSupervision(input: {supervisionId: $id, mode: $mode}) {
    userErrors {
      code
      message
      field
    }
  }
}
    `),Pt=new W(`
    mutation StopSupervision($id: ID!) {
  stopSupervision(input: {supervisionId: $id}) {
    userErrors {
      code
      message
      field
    }
  }
}
    `),Ft=new W(`
    query Campaigns($first: Int, $after: String, $filter: CampaignFilterInput) {
  campaigns(first: $first, after: $after, filter: $filter) {
    nodes {
      ...CampaignRow
      progress {
        ...CampaignProgressParts
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    fragment CampaignProgressParts on CampaignProgress {
  campaignId
  state
  waiting
  inFlight
  finished
  skipped
  contactsTaken
  statistics {
    total
    dialled
    answered
    busy
    noAnswer
    machine
    cancelled
    congestion
    unreachable
    abandoned
    abandonedPercent
    dnc
    finished
    skipped
    talkSeconds
  }
}
fragment CampaignRow on Campaign {
  id
  name
  kind
  state
  pauseReason
  pauseDetail
  finishReason
  callsPerMinute
  maxConcurrentCalls
  startAt
  startedAt
  pausedAt
  finishedAt
  createdAt
  sandbox
  archivedAt
}`),It=new W(`
    query CampaignTotals($first: Int, $after: String, $filter: CampaignFilterInput) {
  campaigns(first: $first, after: $after, filter: $filter) {
    nodes {
      id
      contactLists {
        contacts(first: 1) {
          totalCount {
            count
            precision
          }
        }
      }
    }
  }
}
    `),Lt=new W(`
    query Campaign($id: ID!, $withContacts: Boolean!) {
  campaign(id: $id) {
    ...CampaignRow
    description
    version
    endAt
    maxRetries
    settledAt
    content {
      agent {
        mode
      }
    }
    contactLists {
      id
      name
      contacts(first: 1) @include(if: $withContacts) {
        totalCount {
          count
          precision
        }
      }
    }
    progress {
      ...CampaignProgressParts
    }
  }
}
    fragment CampaignProgressParts on CampaignProgress {
  campaignId
  state
  waiting
  inFlight
  finished
  skipped
  contactsTaken
  statistics {
    total
    dialled
    answered
    busy
    noAnswer
    machine
    cancelled
    congestion
    unreachable
    abandoned
    abandonedPercent
    dnc
    finished
    skipped
    talkSeconds
  }
}
fragment CampaignRow on Campaign {
  id
  name
  kind
  state
  pauseReason
  pauseDetail
  finishReason
  callsPerMinute
  maxConcurrentCalls
  startAt
  startedAt
  pausedAt
  finishedAt
  createdAt
  sandbox
  archivedAt
}`),Rt=new W(`
    query CampaignPace($id: ID!, $since1: TimeRangeInput!, $since2: TimeRangeInput!, $since3: TimeRangeInput!, $since4: TimeRangeInput!, $since5: TimeRangeInput!, $since6: TimeRangeInput!, $since7: TimeRangeInput!, $since8: TimeRangeInput!, $since9: TimeRangeInput!, $since10: TimeRangeInput!) {
  campaign(id: $id) {
    id
    statistics {
      dialled
    }
    since1: statistics(range: $since1) {
      dialled
    }
    since2: statistics(range: $since2) {
      dialled
    }
    since3: statistics(range: $since3) {
      dialled
    }
    since4: statistics(range: $since4) {
      dialled
    }
    since5: statistics(range: $since5) {
      dialled
    }
    since6: statistics(range: $since6) {
      dialled
    }
    since7: statistics(range: $since7) {
      dialled
    }
    since8: statistics(range: $since8) {
      dialled
    }
    since9: statistics(range: $since9) {
      dialled
    }
    since10: statistics(range: $since10) {
      dialled
    }
  }
}
    `),zt=new W(`
    subscription CampaignProgress($id: ID!) {
  campaignProgress(id: $id) {
    __typename
    ... on CampaignProgressChanged {
      cursor
      progress {
        ...CampaignProgressParts
      }
    }
  }
}
    fragment CampaignProgressParts on CampaignProgress {
  campaignId
  state
  waiting
  inFlight
  finished
  skipped
  contactsTaken
  statistics {
    total
    dialled
    answered
    busy
    noAnswer
    machine
    cancelled
    congestion
    unreachable
    abandoned
    abandonedPercent
    dnc
    finished
    skipped
    talkSeconds
  }
}`),Bt=new W(`
    mutation StartCampaign($id: ID!, $key: String!) {
  startCampaign(input: {id: $id, idempotencyKey: $key}) {
    campaign {
      ...CampaignRow
    }
    userErrors {
      code
      message
      field
    }
  }
}
    fragment CampaignRow on Campaign {
  id
  name
  kind
  state
  pauseReason
  pauseDetail
  finishReason
  callsPerMinute
  maxConcurrentCalls
  startAt
  startedAt
  pausedAt
  finishedAt
  createdAt
  sandbox
  archivedAt
}`),Vt=new W(`
    mutation PauseCampaign($id: ID!) {
  pauseCampaign(input: {id: $id}) {
    campaign {
      ...CampaignRow
    }
    userErrors {
      code
      message
      field
    }
  }
}
    fragment CampaignRow on Campaign {
  id
  name
  kind
  state
  pauseReason
  pauseDetail
  finishReason
  callsPerMinute
  maxConcurrentCalls
  startAt
  startedAt
  pausedAt
  finishedAt
  createdAt
  sandbox
  archivedAt
}`),Ht=new W(`
    mutation ResumeCampaign($id: ID!, $key: String!) {
  resumeCampaign(input: {id: $id, idempotencyKey: $key}) {
    campaign {
      ...CampaignRow
    }
    userErrors {
      code
      message
      field
    }
  }
}
    fragment CampaignRow on Campaign {
  id
  name
  kind
  state
  pauseReason
  pauseDetail
  finishReason
  callsPerMinute
  maxConcurrentCalls
  startAt
  startedAt
  pausedAt
  finishedAt
  createdAt
  sandbox
  archivedAt
}`),Ut=new W(`
    mutation StopCampaign($id: ID!) {
  stopCampaign(input: {id: $id}) {
    campaign {
      ...CampaignRow
    }
    userErrors {
      code
      message
      field
    }
  }
}
    fragment CampaignRow on Campaign {
  id
  name
  kind
  state
  pauseReason
  pauseDetail
  finishReason
  callsPerMinute
  maxConcurrentCalls
  startAt
  startedAt
  pausedAt
  finishedAt
  createdAt
  sandbox
  archivedAt
}`),Wt=new W(`
    query Cdrs($filter: CallFilterInput, $order: CdrOrder!, $first: Int, $after: String) {
  cdrs(filter: $filter, order: $order, first: $first, after: $after) {
    nodes {
      ...RecordCdr
    }
    pageInfo {
      ...RecordPageInfo
    }
  }
}
    fragment RecordCdr on Cdr {
  id
  callId
  createdAt
  direction
  kind
  disposition
  agentName
  agentParty {
    ...RecordParty
  }
  customerParty {
    ...RecordParty
  }
  talkSeconds
  durationSeconds
  recordingIds
  sandbox
}
fragment RecordParty on Party {
  number
  display
  extension
  isAnonymous
}
fragment RecordPageInfo on PageInfo {
  hasNextPage
  endCursor
}`),Gt=new W(`
    query CdrInFull($id: ID!, $withCall: Boolean!) {
  cdr(id: $id) {
    ...RecordCdr
    dialledNumber {
      ...RecordParty
    }
    callerId {
      ...RecordParty
    }
    extension
    ringingAt
    answeredAt
    connectedAt
    endedAt
    ringSeconds
    queueId
    queueWaitSeconds
    endReason {
      code
      party
      sipCode
      hangupCause
    }
    quality {
      mos
      lossPercent
      jitterMs
    }
    dtmf
    campaignId
    contactId
    callbackId
    otpId
    trunkId
    isDnc
    source
    uniqueId
    requestId
    externalId
    metadata {
      key
      value
    }
    tags
    call @include(if: $withCall) {
      id
      explain
      events(first: 100) {
        nodes {
          __typename
          id
          type
          timestamp
          callSequence
          ... on LegEvent {
            leg {
              role
            }
          }
        }
      }
    }
  }
}
    fragment RecordCdr on Cdr {
  id
  callId
  createdAt
  direction
  kind
  disposition
  agentName
  agentParty {
    ...RecordParty
  }
  customerParty {
    ...RecordParty
  }
  talkSeconds
  durationSeconds
  recordingIds
  sandbox
}
fragment RecordParty on Party {
  number
  display
  extension
  isAnonymous
}`),Kt=new W(`
    mutation CreateExport($input: CreateExportInput!) {
  createExport(input: $input) {
    job {
      ...RecordJob
    }
    userErrors {
      code
      message
      field
    }
  }
}
    fragment RecordJob on Job {
  id
  state
  progress
  counts {
    processed
    total
  }
  failure
  report {
    url
    fileName
    sizeBytes
  }
}`),qt=new W(`
    query ExportJob($id: ID!) {
  job(id: $id) {
    ...RecordJob
  }
}
    fragment RecordJob on Job {
  id
  state
  progress
  counts {
    processed
    total
  }
  failure
  report {
    url
    fileName
    sizeBytes
  }
}`),Jt=new W(`
    subscription ExportProgress($id: ID!) {
  jobProgress(id: $id) {
    ... on JobChanged {
      cursor
      job {
        ...RecordJob
      }
    }
  }
}
    fragment RecordJob on Job {
  id
  state
  progress
  counts {
    processed
    total
  }
  failure
  report {
    url
    fileName
    sizeBytes
  }
}`),Yt=new W(`
    mutation CancelExport($input: CancelJobInput!) {
  cancelJob(input: $input) {
    job {
      ...RecordJob
    }
    userErrors {
      code
      message
      field
    }
  }
}
    fragment RecordJob on Job {
  id
  state
  progress
  counts {
    processed
    total
  }
  failure
  report {
    url
    fileName
    sizeBytes
  }
}`),Xt=new W(`
    query ApiKeys($first: Int, $after: String) {
  apiKeys(first: $first, after: $after) {
    nodes {
      ...RecordKey
    }
    pageInfo {
      ...RecordPageInfo
    }
  }
}
    fragment RecordKey on ApiKey {
  id
  name
  hint
  scopes
  isTest
  ipAllowList
  documentHashes
  createdAt
  expiresAt
  revokedAt
}
fragment RecordPageInfo on PageInfo {
  hasNextPage
  endCursor
}`),Zt=new W(`
    query KeyHolder {
  viewer {
    keyId
    account {
      id
    }
    isTest
    scopes
  }
}
    `),Qt=new W(`
    mutation CreateApiKey($input: CreateApiKeyInput!) {
  createApiKey(input: $input) {
    token
    apiKey {
      ...RecordKey
    }
    userErrors {
      code
      message
      field
    }
  }
}
    fragment RecordKey on ApiKey {
  id
  name
  hint
  scopes
  isTest
  ipAllowList
  documentHashes
  createdAt
  expiresAt
  revokedAt
}`),$t=new W(`
    mutation RotateApiKey($input: RotateApiKeyInput!) {
  rotateApiKey(input: $input) {
    token
    apiKey {
      ...RecordKey
    }
    userErrors {
      code
      message
      field
    }
  }
}
    fragment RecordKey on ApiKey {
  id
  name
  hint
  scopes
  isTest
  ipAllowList
  documentHashes
  createdAt
  expiresAt
  revokedAt
}`),en=new W(`
    mutation RevokeApiKey($input: RevokeApiKeyInput!) {
  revokeApiKey(input: $input) {
    apiKey {
      ...RecordKey
    }
    userErrors {
      code
      message
      field
    }
  }
}
    fragment RecordKey on ApiKey {
  id
  name
  hint
  scopes
  isTest
  ipAllowList
  documentHashes
  createdAt
  expiresAt
  revokedAt
}`),tn=new W(`
    query AccessTokens($first: Int, $after: String) {
  accessTokens(first: $first, after: $after) {
    nodes {
      id
      hint
      scopes
      keyId
      agentId
      allowedOrigins
      createdAt
      expiresAt
    }
    pageInfo {
      ...RecordPageInfo
    }
  }
}
    fragment RecordPageInfo on PageInfo {
  hasNextPage
  endCursor
}`),nn=new W(`
    mutation RevokeAccessToken($input: RevokeAccessTokenInput!) {
  revokeAccessToken(input: $input) {
    userErrors {
      code
      message
      field
    }
  }
}
    `),rn=new W(`
    subscription QueueActivity {
  queueActivity {
    __typename
    ... on QueueSnapshot {
      cursor
      queues {
        ...QueueParts
      }
    }
    ... on QueuesChanged {
      cursor
      queues {
        ...QueueParts
      }
    }
    ... on Gap {
      missedCount
    }
  }
}
    fragment PartyParts on Party {
  number
  display
  extension
  isAnonymous
  isMasked
}
fragment QueueParts on QueueActivity {
  queueId
  waitingCount
  longestWaitSeconds
  queue {
    id
    name
    strategy
    maxWaitSeconds
    maxLength
  }
  agents {
    state
    agents
  }
  waiting {
    callId
    position
    joinedAt
    priority
    offeredAgentIds
    call {
      id
      customerParty {
        ...PartyParts
      }
    }
  }
}`),an=new W(`
    query Recordings($filter: RecordingFilterInput, $first: Int, $after: String) {
  recordings(filter: $filter, first: $first, after: $after) {
    nodes {
      ...RecordRecording
    }
    pageInfo {
      ...RecordPageInfo
    }
  }
}
    fragment RecordParty on Party {
  number
  display
  extension
  isAnonymous
}
fragment RecordPageInfo on PageInfo {
  hasNextPage
  endCursor
}
fragment RecordRecording on Recording {
  id
  callId
  kind
  mode
  state
  createdAt
  durationSeconds
  sizeBytes
  extension
  failure
  customerParty {
    ...RecordParty
  }
}`),on=new W(`
    query RecordingToPlay($id: ID!) {
  recording(id: $id) {
    ...RecordRecording
    lostSeconds
    channels
    sampleRate
    sha256
    startedAt
    savedAt
    deletedAt
    segments {
      kind
      beganAt
      endedAt
      offsetSeconds
      lengthSeconds
    }
    transcript {
      state
      languageCode
      failure
      segments {
        channel
        role
        text
        startSeconds
        endSeconds
      }
    }
    url {
      url
      expiresAt
    }
  }
}
    fragment RecordParty on Party {
  number
  display
  extension
  isAnonymous
}
fragment RecordRecording on Recording {
  id
  callId
  kind
  mode
  state
  createdAt
  durationSeconds
  sizeBytes
  extension
  failure
  customerParty {
    ...RecordParty
  }
}`),sn=new W(`
    query RecordingAddress($id: ID!) {
  recording(id: $id) {
    id
    state
    url {
      url
      expiresAt
    }
  }
}
    `),cn=new W(`
    mutation DeleteRecording($input: DeleteRecordingInput!) {
  deleteRecording(input: $input) {
    recording {
      ...RecordRecording
    }
    userErrors {
      code
      message
      field
    }
  }
}
    fragment RecordParty on Party {
  number
  display
  extension
  isAnonymous
}
fragment RecordRecording on Recording {
  id
  callId
  kind
  mode
  state
  createdAt
  durationSeconds
  sizeBytes
  extension
  failure
  customerParty {
    ...RecordParty
  }
}`),ln=new W(`
    query CdrStatistics($range: TimeRangeInput!, $interval: StatisticsInterval!, $timeZone: String!, $filter: CallFilterInput) {
  overTime: cdrStatistics(
    range: $range
    interval: $interval
    timeZone: $timeZone
    filter: $filter
  ) {
    total {
      calls
      connectedCalls
      talkSeconds
      averageTalkSeconds
      longestTalkSeconds
      ringSeconds
    }
    groups {
      beginsAt
      calls
      connectedCalls
      talkSeconds
    }
  }
  byDisposition: cdrStatistics(
    range: $range
    groupBy: [DISPOSITION]
    timeZone: $timeZone
    filter: $filter
  ) {
    groups {
      disposition
      calls
    }
  }
  byHour: cdrStatistics(
    range: $range
    groupBy: [HOUR]
    timeZone: $timeZone
    filter: $filter
  ) {
    groups {
      hour
      calls
      connectedCalls
    }
  }
  byExtension: cdrStatistics(
    range: $range
    groupBy: [EXTENSION]
    timeZone: $timeZone
    filter: $filter
  ) {
    groups {
      extension
      calls
      connectedCalls
      talkSeconds
      averageTalkSeconds
    }
  }
}
    `),un=new W(`
    query UsageOfDays($from: Date!, $to: Date!, $kinds: [CallKind!]) {
  usage(from: $from, to: $to, kinds: $kinds) {
    callCount
    seconds
    costs {
      ...RecordMoney
    }
    lines {
      day
      kind
      country
      callCount
      answeredCount
      seconds
      cost {
        ...RecordMoney
      }
    }
  }
}
    fragment RecordMoney on Money {
  amount
  currency
}`),dn=new W(`
    query AccountLimits {
  accountLimits {
    day
    concurrentCalls
    spent {
      ...RecordMoney
    }
    reserved {
      ...RecordMoney
    }
    caps {
      callsPerSecond
      concurrentCalls
      dailySpend {
        ...RecordMoney
      }
    }
    suspendedAt
    suspendedBy
    suspensionReason
  }
}
    fragment RecordMoney on Money {
  amount
  currency
}`),fn=new W(`
    query WebhookEndpoints($first: Int, $after: String) {
  webhookEndpoints(first: $first, after: $after) {
    nodes {
      ...RecordEndpoint
    }
    pageInfo {
      ...RecordPageInfo
    }
  }
}
    fragment RecordPageInfo on PageInfo {
  hasNextPage
  endCursor
}
fragment RecordEndpoint on WebhookEndpoint {
  id
  url
  description
  eventTypes
  apiVersion
  format
  includePersonalData
  includeDtmf
  includeRecordingUrls
  isEnabled
  disabledAt
  disabledReason
  failingSince
  previousSecretExpiresAt
  createdAt
}`),pn=new W(`
    query WebhookEndpointInFull($id: ID!) {
  webhookEndpoint(id: $id) {
    ...RecordEndpoint
  }
}
    fragment RecordEndpoint on WebhookEndpoint {
  id
  url
  description
  eventTypes
  apiVersion
  format
  includePersonalData
  includeDtmf
  includeRecordingUrls
  isEnabled
  disabledAt
  disabledReason
  failingSince
  previousSecretExpiresAt
  createdAt
}`),mn=new W(`
    query WebhookDeliveries($filter: WebhookDeliveryFilterInput, $first: Int, $after: String) {
  webhookDeliveries(filter: $filter, first: $first, after: $after) {
    nodes {
      ...RecordDelivery
    }
    pageInfo {
      ...RecordPageInfo
    }
  }
}
    fragment RecordPageInfo on PageInfo {
  hasNextPage
  endCursor
}
fragment RecordDelivery on WebhookDelivery {
  id
  eventId
  eventType
  subjectId
  deliverySequence
  state
  isReplay
  isTestEvent
  attemptCount
  createdAt
  nextAttemptAt
  finishedAt
}`),hn=new W(`
    query WebhookDeliveryInFull($id: ID!) {
  webhookDelivery(id: $id) {
    ...RecordDelivery
    attempts {
      ...RecordAttempt
    }
  }
}
    fragment RecordAttempt on WebhookAttempt {
  id
  number
  startedAt
  status
  failure
  latencySeconds
  responseExcerpt
}
fragment RecordDelivery on WebhookDelivery {
  id
  eventId
  eventType
  subjectId
  deliverySequence
  state
  isReplay
  isTestEvent
  attemptCount
  createdAt
  nextAttemptAt
  finishedAt
}`),gn=new W(`
    mutation CreateWebhookEndpoint($input: CreateWebhookEndpointInput!) {
  createWebhookEndpoint(input: $input) {
    webhookEndpoint {
      ...RecordEndpoint
    }
    secret
    userErrors {
      code
      message
      field
    }
  }
}
    fragment RecordEndpoint on WebhookEndpoint {
  id
  url
  description
  eventTypes
  apiVersion
  format
  includePersonalData
  includeDtmf
  includeRecordingUrls
  isEnabled
  disabledAt
  disabledReason
  failingSince
  previousSecretExpiresAt
  createdAt
}`),_n=new W(`
    mutation UpdateWebhookEndpoint($input: UpdateWebhookEndpointInput!) {
  updateWebhookEndpoint(input: $input) {
    webhookEndpoint {
      ...RecordEndpoint
    }
    userErrors {
      code
      message
      field
    }
  }
}
    fragment RecordEndpoint on WebhookEndpoint {
  id
  url
  description
  eventTypes
  apiVersion
  format
  includePersonalData
  includeDtmf
  includeRecordingUrls
  isEnabled
  disabledAt
  disabledReason
  failingSince
  previousSecretExpiresAt
  createdAt
}`),vn=new W(`
    mutation DeleteWebhookEndpoint($input: DeleteWebhookEndpointInput!) {
  deleteWebhookEndpoint(input: $input) {
    userErrors {
      code
      message
      field
    }
  }
}
    `),yn=new W(`
    mutation RotateWebhookSecret($input: RotateWebhookSecretInput!) {
  rotateWebhookSecret(input: $input) {
    webhookEndpoint {
      ...RecordEndpoint
    }
    secret
    userErrors {
      code
      message
      field
    }
  }
}
    fragment RecordEndpoint on WebhookEndpoint {
  id
  url
  description
  eventTypes
  apiVersion
  format
  includePersonalData
  includeDtmf
  includeRecordingUrls
  isEnabled
  disabledAt
  disabledReason
  failingSince
  previousSecretExpiresAt
  createdAt
}`),bn=new W(`
    mutation TestWebhookEndpoint($input: TestWebhookEndpointInput!) {
  testWebhookEndpoint(input: $input) {
    webhookDelivery {
      ...RecordDelivery
    }
    attempt {
      ...RecordAttempt
    }
    userErrors {
      code
      message
      field
    }
  }
}
    fragment RecordAttempt on WebhookAttempt {
  id
  number
  startedAt
  status
  failure
  latencySeconds
  responseExcerpt
}
fragment RecordDelivery on WebhookDelivery {
  id
  eventId
  eventType
  subjectId
  deliverySequence
  state
  isReplay
  isTestEvent
  attemptCount
  createdAt
  nextAttemptAt
  finishedAt
}`),xn=new W(`
    mutation ReplayWebhooks($input: ReplayWebhooksInput!) {
  replayWebhooks(input: $input) {
    replayedCount
    skippedCount
    hasMore
    endCursor
    userErrors {
      code
      message
      field
    }
  }
}
    `),Sn=new W(`
    query Viewer {
  viewer {
    account {
      id
      name
      defaultRegion
    }
    agentId
    accessTokenId
    expiresAt
    isTest
    scopes
  }
}
    `),Cn=new W(`
    mutation CreateAccessToken($input: CreateAccessTokenInput!) {
  createAccessToken(input: $input) {
    token
    accessToken {
      id
      expiresAt
    }
    userErrors {
      code
      message
      field
    }
  }
}
    `),wn=new W(`
    mutation RevokeOwnToken {
  revokeAccessToken(input: {}) {
    userErrors {
      code
      message
      field
    }
  }
}
    `),Tn=28800,En=`offhook.session`,G=V(Kn()),K=V(null),Dn=[],q=V(null),On=V(null),J=U(()=>G.value?.token??null),kn=U(()=>G.value!==null),An=U(()=>K.value!==null||G.value?.isExchanged===!1);function jn(e){return q.value?.scopes.includes(e)?!0:e===`KEYS`&&(G.value?.isExchanged??!1)}async function Mn(e){let t=e.trim();On.value=null;let n;try{n=(await $(Sn,{},{credential:t})).viewer}catch(e){throw e instanceof Q&&e.code===`UNAUTHENTICATED`?new Q(e.code,`This key is not known, or may not be used here.`):e}let r=n.accessTokenId===null&&n.scopes.includes(`KEYS`)?await Un(t,n):null;Re(()=>{K.value=r?t:null,G.value=r??{token:t,expiresAt:n.expiresAt,isExchanged:!1,isStored:!n.scopes.includes(`KEYS`)},q.value=n}),Gn(),Vn()}async function Nn(e){let t=e.trim(),{viewer:n}=await $(Sn,{},{credential:t});if(n.account.id!==q.value?.account.id)throw new Q(`FORBIDDEN`,`This is another account's key.`);if(!n.scopes.includes(`KEYS`))throw new Q(`FORBIDDEN`,`This key lacks the scope KEYS.`);K.value=t,Vn()}async function Pn(){let e=J.value;if(e!==null)try{let{viewer:t}=await $(Sn,{});J.value===e&&(q.value=t)}catch(t){if(J.value!==e)return;if(!(t instanceof Q))throw t;if(t.code===`UNAUTHENTICATED`)Wn(`Your session has expired.`);else throw t}}async function Fn(){let e=[...Dn.map(e=>e.token),J.value??``].filter(e=>e.startsWith(`oft_`)).map(In);Wn(null),await Promise.all(e)}async function In(e){await $(wn,{},{credential:e}).catch(()=>void 0)}function Ln(e){return e&&K.value?K.value:J.value}function Rn(e){e===G.value?.token&&q.value&&Wn(`You were signed out: the key or token is no longer good.`)}var zn,Bn=6e4;function Vn(e){clearTimeout(zn);let t=K.value,n=G.value?.isExchanged?G.value.expiresAt:null;if(!t||!n)return;let r=Date.parse(n)-Date.now();zn=setTimeout(()=>{Hn(t).catch(()=>{K.value===t&&Vn(Bn)})},e??Math.max(0,r/2))}async function Hn(e){let{viewer:t}=await $(Sn,{},{credential:e}),n=await Un(e,t);if(!n)return;let r=G.value;if(!r||K.value!==e)return In(n.token);Dn=[...Dn,r].filter(e=>e.expiresAt!==null&&Date.parse(e.expiresAt)>Date.now()),G.value=n,Gn(),Vn()}async function Un(e,t){let n=t.scopes.filter(e=>e!==`KEYS`);if(n.length===0)return null;let{createAccessToken:r}=await $(Cn,{input:{scopes:n,allowedOrigins:[location.origin],ttlSeconds:Tn}},{credential:e});if(!r.token||!r.accessToken){let e=r.userErrors[0];throw new Q(e?.code??`INTERNAL`,`The key could not be exchanged for an access token: ${e?.message??`no reason was given.`}`)}return{token:r.token,expiresAt:r.accessToken.expiresAt,isExchanged:!0,isStored:!0}}function Wn(e){clearTimeout(zn),Dn=[],Re(()=>{G.value=null,K.value=null,q.value=null,On.value=e}),Gn()}function Gn(){G.value?.isStored?sessionStorage.setItem(En,JSON.stringify(G.value)):sessionStorage.removeItem(En)}function Kn(){try{let e=JSON.parse(sessionStorage.getItem(En)??`null`);return typeof e?.token==`string`?{token:e.token,expiresAt:e.expiresAt??null,isExchanged:e.isExchanged===!0,isStored:!0}:null}catch{return null}}var qn=Symbol.for(`pv`),Jn=0;Array.isArray;function Y(t,n,r,i,a,o){n||={};var s,c,l=n;if(`ref`in l&&typeof t!=`function`)for(c in l={},n)c==`ref`?s=n[c]:l[c]=n[c];var u={type:t,props:l,key:r,ref:s,__k:null,__:null,__b:0,__e:null,__c:null,constructor:qn,__v:--Jn,__i:-1,__u:0};return(a||o)&&(u.__source=a,u.__self=o),e.vnode&&e.vnode(u),u}var Yn={phone:`M5.2 3.5h2.1l1.3 3.4-1.7 1.3a9 9 0 0 0 4.9 4.9l1.3-1.7 3.4 1.3v2.1a1.7 1.7 0 0 1-1.8 1.7A11.7 11.7 0 0 1 3.5 5.3a1.7 1.7 0 0 1 1.7-1.8Z`,phoneIn:`M5.2 3.5h2.1l1.3 3.4-1.7 1.3a9 9 0 0 0 4.9 4.9l1.3-1.7 3.4 1.3v2.1a1.7 1.7 0 0 1-1.8 1.7A11.7 11.7 0 0 1 3.5 5.3a1.7 1.7 0 0 1 1.7-1.8ZM16.5 3.5l-4 4m0-3.2v3.2h3.2`,phoneOut:`M5.2 3.5h2.1l1.3 3.4-1.7 1.3a9 9 0 0 0 4.9 4.9l1.3-1.7 3.4 1.3v2.1a1.7 1.7 0 0 1-1.8 1.7A11.7 11.7 0 0 1 3.5 5.3a1.7 1.7 0 0 1 1.7-1.8ZM12.5 7.5l4-4m-3.2 0h3.2v3.2`,agents:`M7.5 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM2 16.5c0-3 2.4-4.8 5.5-4.8s5.5 1.8 5.5 4.8M13 3.8a3 3 0 0 1 0 5.4M15 12.2c1.9.6 3 2.2 3 4.3`,queue:`M3.5 5h13M3.5 10h9M3.5 15h5`,campaign:`M3.5 8v4h2.7l6.3 3.5v-11L6.2 8H3.5ZM15.3 7.5a3.6 3.6 0 0 1 0 5M6.5 12.2v3.8`,recording:`M10 3a2.3 2.3 0 0 0-2.3 2.3v4.4a2.3 2.3 0 0 0 4.6 0V5.3A2.3 2.3 0 0 0 10 3ZM4.8 9.5a5.2 5.2 0 0 0 10.4 0M10 14.7V17`,list:`M7 5h9.5M7 10h9.5M7 15h9.5M3.6 5h.01M3.6 10h.01M3.6 15h.01`,chart:`M3.5 16.5h13M5.5 13.5v-3M10 13.5v-8M14.5 13.5V8`,webhook:`M7.2 8.7a3.2 3.2 0 1 1 5.4-1.2L15 12M12.8 14.5a3.2 3.2 0 1 0 2-2.6M9.6 6.6 7 11.6a3 3 0 1 0 .4 3H13`,key:`M12.7 3.5a3.8 3.8 0 0 0-3.6 5L3.5 14v2.5H6l.1-1.8 1.8-.1.1-1.8 2.4-2.3a3.8 3.8 0 1 0 2.3-7ZM13.4 6.6h.01`,audit:`M6 3.5h5.6L15 6.9v9.6H5v-12a1 1 0 0 1 1-1ZM11.4 3.6V7H15M7.6 10.4h4.8M7.6 13.2h4.8`,usage:`M4.2 14.5a7 7 0 1 1 11.6 0M10 11.2l3-3.7`,search:`M9 14.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11ZM13.1 13.1l3.4 3.4`,play:`M6.5 4.3v11.4l9-5.7-9-5.7Z`,pause:`M7 4.5v11M13 4.5v11`,stop:`M5.5 5.5h9v9h-9z`,download:`M10 3.5v9m0 0 3.5-3.5M10 12.5 6.5 9M4 16.5h12`,refresh:`M16 10a6 6 0 1 1-1.8-4.3L16 7.4m0-3.6v3.6h-3.6`,plus:`M10 4.5v11M4.5 10h11`,check:`m4.5 10.5 3.7 3.7 7.3-8`,close:`m5.5 5.5 9 9m0-9-9 9`,alert:`M10 3.6 2.8 16h14.4L10 3.6ZM10 8.4v3.4M10 13.9h.01`,chevron:`m7.5 4.5 5.5 5.5-5.5 5.5`,back:`M16 10H4.5m0 0L9 5.5M4.5 10 9 14.5`,copy:`M7.5 7.5h8v8h-8zM5 12.5h-.5v-8h8V5`,external:`M8.5 4.5h-4v11h11v-4M11.5 4.5h4v4M15.2 4.8 9.5 10.5`,filter:`M3.5 5.5h13M6 10h8M8.5 14.5h3`,menu:`M3.5 5.5h13M3.5 10h13M3.5 14.5h13`,sun:`M10 13.2a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4ZM10 2.8v1.4M10 15.8v1.4M2.8 10h1.4M15.8 10h1.4M4.9 4.9l1 1M14.1 14.1l1 1M15.1 4.9l-1 1M5.9 14.1l-1 1`,moon:`M16.3 11.6A6.6 6.6 0 0 1 8.4 3.7a6.6 6.6 0 1 0 7.9 7.9Z`,logout:`M8 3.5H4.5v13H8M12.5 6.5 16 10l-3.5 3.5M16 10H8`,ear:`M6 8.2a4.2 4.2 0 0 1 8.4 0c0 3.3-3.1 3.8-3.1 6.3a2.3 2.3 0 0 1-4.2 1.3M8.3 8.4a1.9 1.9 0 0 1 3.7 0c0 1.3-1.5 1.6-1.5 2.9`,transfer:`M3.5 7h12m0 0-3-3m3 3-3 3M16.5 13.5h-12m0 0 3-3m-3 3 3 3`,hold:`M7.5 5v10M12.5 5v10`,record:`M10 15.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11ZM10 12a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z`,user:`M10 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM4 16.5c0-3 2.7-4.8 6-4.8s6 1.8 6 4.8`,clock:`M10 16.5a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13ZM10 6.5V10l2.4 1.6`,trash:`M4 5.5h12M8 5.3V3.5h4v1.8M5.5 5.5l.8 11h7.4l.8-11M8.5 8.5v5M11.5 8.5v5`,dot:`M10 11.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3Z`,bolt:`M11 3 4.5 11.5H10L9 17l6.5-8.5H10L11 3Z`,hangup:`M2.8 12.2c0-3 3.2-4.7 7.2-4.7s7.2 1.7 7.2 4.7c0 .8-.3 1.5-.9 1.5l-3-.5-.5-2.3a9 9 0 0 0-5.6 0l-.5 2.3-3 .5c-.6 0-.9-.7-.9-1.5Z`},Xn=new Set([`play`,`stop`,`dot`]);function X({name:e,size:t=18}){let n=Xn.has(e);return Y(`svg`,{class:`icon`,width:t,height:t,viewBox:`0 0 20 20`,"aria-hidden":`true`,focusable:`false`,children:Y(`path`,{d:Yn[e],fill:n?`currentColor`:`none`,stroke:`currentColor`,"stroke-width":1.5,"stroke-linecap":`round`,"stroke-linejoin":`round`})})}var Zn=5e3,Qn=V([]),$n=0;function Z(e,t=`grey`){let n={id:++$n,text:e,tone:t};Qn.value=[...Qn.value.slice(-2),n],setTimeout(()=>er(n.id),t===`red`?Zn*2:Zn)}function er(e){Qn.value=Qn.value.filter(t=>t.id!==e)}function tr({isOnTop:e}){return Y(`div`,{class:`toasts`,role:`status`,"aria-live":`polite`,children:(e?Qn.value:[]).map(e=>Y(`div`,{class:`toast ${e.tone}`,children:[Y(X,{name:e.tone===`red`?`alert`:`check`,size:16}),Y(`span`,{children:e.text}),Y(`button`,{type:`button`,class:`toast-close`,"aria-label":`Dismiss`,onClick:()=>er(e.id),children:Y(X,{name:`close`,size:14})})]},e.id))})}var Q=class extends Error{code;requestId;constructor(e,t,n=null){super(t),this.code=e,this.requestId=n}};async function $(e,t,n={}){let r=n.credential??Ln(n.asKey??!1),i;try{i=await fetch(`/graphql`,{method:`POST`,headers:{"Content-Type":`application/json`,Accept:`application/json`,...r?{Authorization:`Bearer ${r}`}:{}},body:JSON.stringify({query:e.toString(),variables:t}),credentials:`omit`,signal:n.signal??null})}catch(e){throw n.signal?.aborted?e:new Q(`NETWORK`,`Offhook cannot be reached.`)}let a;try{a=await i.json()}catch{throw new Q(`NETWORK`,`Something on the way answered instead of Offhook (${i.status}).`)}let o=(a.errors??[]).filter(e=>!a.data||e.extensions?.code!==`FORBIDDEN`)[0];if(o||!a.data){let e=o?.extensions?.code??`INTERNAL`;throw e===`UNAUTHENTICATED`&&r&&Rn(r),new Q(e,o?.message??`There was no answer.`,o?.extensions?.requestId??null)}return a.data}async function nr(e,t,n={}){let r=await $(e,t,n);return Object.values(r)[0]}async function rr(e,t,n,r={}){try{let i=await nr(e,t,r),a=i.userErrors?.[0];return a?(Z(a.message,`red`),null):(n&&Z(n,`green`),i)}catch(e){return Z(ir(e),`red`),null}}function ir(e){return e instanceof Q?e.requestId&&e.code===`INTERNAL`?`${e.message} (request ${e.requestId})`:e.message:e instanceof Error?e.message:String(e)}function ar(e,t,n={}){let[r,i]=Se({data:null,error:null,isLoading:!n.skip}),[a,o]=Se(0),s=Te(!1),c=JSON.stringify(t),l=Te(t);return l.current=t,we(()=>{if(n.skip){i(e=>({...e,isLoading:!1}));return}let t=new AbortController;return s.current||i(e=>({...e,isLoading:!0})),s.current=!1,$(e,l.current,{signal:t.signal,asKey:n.asKey??!1}).then(e=>i({data:e,error:null,isLoading:!1}),e=>{t.signal.aborted||i(t=>({data:t.data,error:e,isLoading:!1}))}),()=>t.abort()},[e,c,a,n.skip,n.asKey,n.when]),we(()=>{if(!n.every)return;let e=setInterval(()=>{window.document.hidden||(s.current=!0,o(e=>e+1))},n.every*1e3);return()=>clearInterval(e)},[n.every]),{...r,reload:()=>o(e=>e+1)}}function or(e,t,n,r={}){let i=JSON.stringify(t),[a,o]=Se({question:i,cursors:[]}),s=a.question===i?a.cursors:[],c=s.at(-1)??null,l=ar(e,{...t,first:r.size??50,after:c},r),u=l.data?n(l.data):null,d=u?.pageInfo.endCursor??null;return{rows:u?.nodes??null,error:l.error,isLoading:l.isLoading,reload:l.reload,number:s.length+1,after:c,hasNext:u?.pageInfo.hasNextPage??!1,hasPrevious:s.length>0,next:()=>d&&o({question:i,cursors:[...s,d]}),previous:()=>o({question:i,cursors:s.slice(0,-1)})}}function sr(e){let[t,n]=Se(!1),r=t||(e.isBusy??!1);return Y(`button`,{type:e.type??`button`,class:`button ${e.kind??`plain`}${e.small?` small`:``}`,disabled:e.isDisabled,"aria-busy":r,"aria-label":e.label,onClick:t=>{if(r)return;let i=e.onClick?.(t);i instanceof Promise&&(n(!0),i.finally(()=>n(!1)))},children:[r?Y(`span`,{class:`spinner`,"aria-hidden":`true`}):e.icon&&Y(X,{name:e.icon,size:16}),e.children!==void 0&&Y(`span`,{children:e.children})]})}function cr(e){return Y(`a`,{class:`button ${e.kind??`plain`}${e.small?` small`:``}`,href:e.href,download:e.download,...e.isExternal?{target:`_blank`,rel:`noopener noreferrer`}:{},children:[e.icon&&Y(X,{name:e.icon,size:16}),Y(`span`,{children:e.children})]})}function lr(e){return Y(`button`,{type:`button`,class:`icon-button`,"aria-label":e.label,title:e.label,"aria-pressed":e.isPressed,disabled:e.isDisabled,onClick:t=>void e.onClick(t),children:Y(X,{name:e.icon})})}function ur({text:e,label:t=`Copy`}){return Y(`span`,{class:`copy`,children:[Y(`code`,{children:e}),Y(lr,{icon:`copy`,label:t,onClick:async()=>{try{await navigator.clipboard.writeText(e),Z(`Copied.`)}catch{Z(`The browser does not let this page copy: select the text instead.`,`red`)}}})]})}var dr=!1;function fr(e){return we(()=>{document.title=`${e.title} · Offhook`},[e.title]),we(()=>{dr&&document.getElementById(`page-title`)?.focus(),dr=!0},[]),Y(x,{children:[Y(`header`,{class:`page-head`,children:[Y(`div`,{class:`page-title`,children:[e.back&&Y(`a`,{class:`page-back`,href:e.back.href,children:[Y(X,{name:`back`,size:15}),e.back.label]}),Y(`h1`,{tabIndex:-1,id:`page-title`,children:e.title}),e.lead&&Y(`p`,{class:`page-lead`,children:e.lead})]}),e.actions&&Y(`div`,{class:`page-actions`,children:e.actions})]}),Y(`div`,{class:`page-body`,children:e.children})]})}function pr(e){return Y(`section`,{class:`card${e.flush?` flush`:``}`,"aria-label":e.title,children:[(e.title||e.actions)&&Y(`header`,{class:`card-head`,children:[e.title&&Y(`h2`,{children:e.title}),e.actions&&Y(`div`,{class:`row`,children:e.actions})]}),Y(`div`,{class:`card-body`,children:e.children})]})}function mr({label:e=`Figures`,children:t}){return Y(`dl`,{class:`stats`,"aria-label":e,children:t})}function hr({label:e,hint:t,children:n}){return Y(`div`,{class:`stat`,children:[Y(`dt`,{children:e}),Y(`dd`,{class:`number`,children:[n,t&&Y(`span`,{class:`stat-hint`,children:t})]})]})}function gr({items:e}){return Y(`dl`,{class:`facts`,children:e.map(([e,t])=>Y(`div`,{children:[Y(`dt`,{children:e}),Y(`dd`,{children:t??Y(`span`,{class:`faint`,children:`–`})})]},e))})}function _r({icon:e=`dot`,title:t,children:n}){return Y(`div`,{class:`empty`,children:[Y(`span`,{class:`empty-icon`,children:Y(X,{name:e,size:22})}),Y(`p`,{class:`empty-title`,children:t}),n&&Y(`div`,{class:`soft`,children:n})]})}function vr({error:e,onRetry:t}){return e?Y(`div`,{class:`problem`,role:`alert`,children:[Y(X,{name:`alert`}),Y(`span`,{children:ir(e)}),t&&Y(sr,{small:!0,onClick:t,children:`Try again`})]}):null}function yr({label:e=`Loading`}){return Y(`div`,{class:`loading`,role:`status`,children:[Y(`span`,{class:`spinner`,"aria-hidden":`true`}),Y(`span`,{class:`unseen`,children:e})]})}export{Qt as $,Mn as A,bn as At,xt as B,ft as Bt,Y as C,vt as Ct,kn as D,Ut as Dt,An as E,Mt as Et,tn as F,un as Ft,It as G,De as Gt,Lt as H,U as Ht,dn as I,mn as It,kt as J,Ee as Jt,Ft as K,Te as Kt,gt as L,hn as Lt,Nn as M,Et as Mt,J as N,Nt,Rn as O,jt as Ot,q as P,_n as Pt,Ot as Q,Xt as R,pn as Rt,X as S,yn as St,jn as T,At as Tt,Rt as U,V as Ut,St as V,dt as Vt,zt as W,we as Wt,ln as X,P as Xt,Gt as Y,x as Yt,Wt as Z,nr as _,xn as _t,fr as a,Jt as at,tr as b,en as bt,mr as c,Zt as ct,lr as d,Vt as dt,Kt as et,cr as f,rn as ft,ir as g,an as gt,$ as h,on as ht,yr as i,qt as it,Fn as j,Dt as jt,Pn as k,Pt as kt,sr as l,bt as lt,rr as m,sn as mt,_r as n,cn as nt,vr as o,wt as ot,Q as p,_t as pt,Yt as q,Se as qt,gr as r,vn as rt,hr as s,Tt as st,pr as t,gn as tt,ur as u,Ct as ut,or as v,Ht as vt,On as w,Bt as wt,Z as x,$t as xt,ar as y,nn as yt,yt as z,fn as zt};