// A certificate of ours that can be renewed here, as the API has it.
import type { AnswerOf } from '../api/client.ts'

export type Renewal = AnswerOf<'GET /api/v1/renewals'>['data'][number]
export type OfferedUse = 'receiver' | 'seal' | 'console'
