import { arrows, namespaces, engines } from './house.mjs'
import { length, unfinished, alien, waiver, lockfiles, shell } from './words.mjs'
import { secrecy, migrations } from './migrations.mjs'
import { sql } from './sql.mjs'
import { routes } from './routes.mjs'
import { languages } from './languages.mjs'

export const all = [arrows, namespaces, engines, length, secrecy, migrations, sql, routes, languages, unfinished, alien, waiver, lockfiles, shell]
