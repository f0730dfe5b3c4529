// Where files stand until they are whole: a folder in the data folder.

export const STAGING = 'staging'
