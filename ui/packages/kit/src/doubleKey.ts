/** Calls back when the key is pressed twice within the pause. */
export function onDoubleKey(key: string, pause: number, act: () => void): (event: KeyboardEvent) => void {
  let last = -Infinity
  return (event) => {
    if (event.key !== key || event.repeat) return
    if (event.timeStamp - last <= pause) {
      last = -Infinity
      act()
    } else {
      last = event.timeStamp
    }
  }
}
