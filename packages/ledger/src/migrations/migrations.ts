// What a schema is made by.

/**
 * The SQL statements of each migration, under names in their alphabetical order. A name that was
 * released never changes its statements.
 */
export type Migrations = Readonly<Record<string, readonly string[]>>
