// What the desk's thread and the others say to one another.

/** Facts in JSON, an array; how many. */
export type ToDesk = { readonly facts: string; readonly count: number } | 'close'
/** So many facts are safe from a crash of the process; or what the desk cannot do now. */
export type FromDesk = { readonly taken: number } | { readonly trouble: string } | 'closed'
