export { follow, liveness, useLive } from "./socket";
