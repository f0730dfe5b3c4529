// A schema for the tests of how one comes about.
import type { Migrations } from '../migrations/migrations.ts'

export const migrations: Migrations = {
  '0001-opened': ['CREATE TABLE opened (process INTEGER NOT NULL)'],
  '0002-index': ['CREATE INDEX opened_process ON opened (process)', 'CREATE TABLE more (name TEXT)'],
}
