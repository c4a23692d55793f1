import { expect, it, vi } from 'vitest'
import { onDoubleKey } from './doubleKey'

it('needs two presses close together', () => {
  const act = vi.fn()
  const press = onDoubleKey('Escape', 500, act)
  const at = (timeStamp: number, key = 'Escape', repeat = false) => press({ timeStamp, key, repeat } as KeyboardEvent)
  at(0); at(900); expect(act).not.toHaveBeenCalled()
  at(1000); expect(act).toHaveBeenCalledTimes(1)
  at(1100); expect(act).toHaveBeenCalledTimes(1)
  at(1200, 'a'); at(1250, 'Escape', true); expect(act).toHaveBeenCalledTimes(1)
})
