// The session record on the screen, and a booking to write it for.
import { booked, freeSlots, today } from '../scenes/harness.mjs'

/** A place in the record, by what stands above it. */
export const box = (me, name) => me.page.locator('.field').filter({ has: me.page.locator('label').filter({ hasText: new RegExp(`^${me.t(`cases.field.${name}`)}\\*?$`) }) })
export const part = (me, name) => box(me, name).locator('input, textarea').first()
export async function choose(me, name, option) {
  await box(me, name).locator('.el-select__wrapper').click()
  await me.page.getByRole('option', { name: me.t(`cases.option.${name}.${option}`), exact: true }).click()
}
export const saved = (me) => me.page.locator('.mark [role=status]', { hasText: new RegExp(me.t('cases.savedAt', { at: '\\d\\d:\\d\\d' })) })

/** A client's booking with this counsellor, at a time at which the client is nowhere else. */
export async function bookedWith(school, username, counsellor, reason) {
  const client = await school.as(username)
  const { id } = (await client.ok('GET', '/api/v1/counsellors')).items.find((each) => each.name === counsellor)
  const mine = (await client.ok('GET', '/api/v1/appointments/mine')).items.filter((each) => each.state === 'booked')
  const apart = (slot) => mine.every((each) => each.ends_at <= slot.starts_at || slot.ends_at <= each.starts_at)
  return booked(client, (await freeSlots(client, { counsellor: id, from: today(school), to: today(school, 13) })).find(apart), { reason })
}
/** Her running case, or a new one, for a visit that has come. */
export async function caseOf(counsellor, visit, name) {
  await counsellor.ok('POST', `/api/v1/appointments/${visit.id}/arrive`)
  const running = (await counsellor.ok('GET', '/api/v1/cases')).items.find((each) => each.client.name === name)
  return running ?? counsellor.ok('POST', '/api/v1/cases', { appointment_id: visit.id })
}
/** A record begun for a visit; its address in the office. */
export async function begun(counsellor, visit, name) {
  const { id } = await caseOf(counsellor, visit, name)
  const record = await counsellor.ok('POST', `/api/v1/cases/${id}/records`, { appointment_id: visit.id })
  return { case: id, id: record.id, address: `/office/c/${id}/r/${record.id}` }
}
