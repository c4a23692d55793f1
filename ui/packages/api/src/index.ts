export * from './contract'
export * from './calls'
export { newKey, on, onDebt, type Ask } from './client'
export { Problem, Unreachable, type FieldProblem } from './problem'
