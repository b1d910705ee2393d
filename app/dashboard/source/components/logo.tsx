import mark from "../assets/offhook.svg";

export function Logo() {
  return (
    <span class="logo">
      <img src={mark} width={24} height={24} alt="" />
      Offhook
    </span>
  );
}
