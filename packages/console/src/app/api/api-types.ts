// Long because it names each route and each field. Written by `testing/write-api-types.ts` from
// docs/openapi.json, which a test compares.

export type ApiSchemas = {
  readonly Act: {
    readonly name: string
    readonly isAllowed: boolean
    readonly why: string | null
    readonly code: string | null
    readonly values: Readonly<Record<string, unknown>> | null
  }
  readonly Alert: {
    readonly id: string
    readonly rule: string
    readonly labels: Readonly<Record<string, unknown>>
    readonly state: string
    readonly since: string
    readonly value: number
    readonly severity: string
    readonly security: boolean
    readonly summary: string
    readonly impact: string
    readonly command: string
    readonly acknowledgedBy: string | null
    readonly acknowledgedAt: string | null
    readonly mutedUntil: string | null
    readonly mutedBy: string | null
    readonly mutedWhy: string | null
  }
  readonly AlertChannel: {
    readonly name: string
    readonly sentAt: string | null
    readonly failedSince: string | null
    readonly failure: string | null
  }
  readonly AlertRule: {
    readonly name: string
    readonly expression: string
    readonly after: number
    readonly severity: string
    readonly security: boolean
    readonly summary: string
    readonly impact: string
    readonly command: string
    readonly mutedUntil: string | null
    readonly mutedBy: string | null
    readonly mutedWhy: string | null
  }
  readonly Approval: {
    readonly id: string
    readonly state: string
    readonly act: string
    readonly query: string
    readonly body: string
    readonly author: {
      readonly id: string
      readonly role: string
    }
    readonly at: string
    readonly expiresAt: string
    readonly decidedBy: string | null
    readonly decidedAt: string | null
    readonly reason: string | null
    readonly acts: readonly ApiSchemas['Act'][]
  }
  readonly Attempt: {
    readonly attempt: number
    readonly startedAt: string
    readonly duration: number
    readonly outcome: string
    readonly code: string | null
    readonly detail: string | null
    readonly status: number | null
    readonly address: string | null
    readonly request: string | null
  }
  readonly Backup: {
    readonly name: string
    readonly at: string | null
    readonly version: string | null
    readonly entries: number | null
    readonly documents: number | null
    readonly problem: string | null
  }
  readonly CertificateRule: {
    readonly uses: readonly string[]
    readonly authority: string | null
    readonly sha256: string | null
    readonly spki: string | null
    readonly uri: string | null
    readonly from: string | null
    readonly until: string | null
  }
  readonly Count: {
    readonly count: number
    readonly isExact: boolean
  }
  readonly DeadLetter: {
    readonly index: number
    readonly target: string
    readonly partner: string
    readonly document: string
    readonly bytes: number
    readonly sha256: string
    readonly acceptedAt: string
    readonly at: string
    readonly reason: string
    readonly state: string
    readonly decidedBy: string | null
    readonly decidedAt: string | null
    readonly decidedWhy: string | null
    readonly retries: number
    readonly retriedAt: string | null
    readonly retryReason: string | null
    readonly acts: readonly ApiSchemas['Act'][]
  }
  readonly Delivery: {
    readonly entry: number
    readonly state: string
    readonly document: string | null
    readonly partner: string | null
    readonly receiver: string
    readonly file: string
    readonly bytes: number
    readonly sha256: string
    readonly queuedAt: string
    readonly expiresAt: string
    readonly settledAt: string | null
    readonly tries: number
    readonly nextTry: string | null
    readonly isOnItsWay: boolean
    readonly code: string | null
    readonly detail: string | null
    readonly reasonAt: string | null
    readonly acts: readonly ApiSchemas['Act'][]
  }
  readonly Fact: {
    readonly id: string
    readonly at: string
    readonly kind: string
    readonly outcome: string
    readonly isRecorded: boolean
    readonly index: number | null
    readonly entry: number | null
    readonly partner: string | null
    readonly document: string | null
    readonly bytes: number | null
    readonly sha256: string | null
    readonly code: string | null
    readonly detail: string | null
    readonly certificate: string | null
    readonly tlsVersion: string | null
    readonly cipher: string | null
    readonly group: string | null
    readonly canonicalization: string | null
    readonly digestAlgorithm: string | null
    readonly signatureAlgorithm: string | null
    readonly canonicalBytes: number | null
    readonly receiveTime: number | null
    readonly verifyTime: number | null
    readonly decideTime: number | null
    readonly commitTime: number | null
    readonly totalTime: number | null
    readonly request: string | null
    readonly address: string | null
    readonly target: string | null
    readonly tries: number | null
    readonly count: number | null
  }
  readonly FaultRow: {
    readonly code: string
    readonly status: number
    readonly sentence: string
    readonly remedy: string
  }
  readonly Health: {
    readonly ready: boolean
    readonly node: string
    readonly at: string
    readonly checks: readonly {
      readonly check: string
      readonly ok: boolean
      readonly found: string
    }[]
  }
  readonly Partner: {
    readonly id: string
    readonly name: string | null
    readonly contact: string | null
    readonly state: string
    readonly certificates: readonly ApiSchemas['CertificateRule'][]
    readonly documents: readonly string[] | null
    readonly requiresHybrid: boolean
    readonly acts: readonly ApiSchemas['Act'][]
  }
  readonly Renewal: {
    readonly use: string
    readonly request: {
      readonly pem: string
      readonly key: string
      readonly madeAt: string
    } | null
    readonly acts: readonly ApiSchemas['Act'][]
  }
  readonly Rollover: {
    readonly partner: string
    readonly document: string
    readonly fingerprint: string
    readonly subject: string
    readonly uses: readonly string[]
    readonly from: string
    readonly until: string
    readonly at: string
    readonly state: string
    readonly reason: string | null
    readonly acts: readonly ApiSchemas['Act'][]
  }
  readonly Task: {
    readonly id: string
    readonly kind: string
    readonly state: string
    readonly by: string
    readonly at: string
    readonly endedAt: string | null
    readonly progress: string | null
    readonly result: Readonly<Record<string, unknown>> | null
    readonly reason: {
      readonly code: string
      readonly detail: string
    } | null
    readonly acts: readonly ApiSchemas['Act'][]
  }
  readonly Trust: {
    readonly trust: unknown
    readonly partners: readonly Readonly<Record<string, unknown>>[]
  }
  readonly Problem: {
    readonly type: string
    readonly title: string
    readonly status: number
    readonly code: string
    readonly detail: string
    readonly instance: string
    readonly errors?: readonly {
      readonly pointer: string
      readonly detail: string
    }[]
  }
}

export type ApiRoutes = {
  readonly 'GET /login/{link}': {
    readonly path: {
      readonly link: string
    }
    readonly query: {
      readonly to?: string | undefined
    }
    readonly body: undefined
    readonly answer: string
  }
  readonly 'POST /api/v1/logout': {
    readonly path: Record<never, never>
    readonly query: Record<never, never>
    readonly body: undefined
    readonly answer: string
  }
  readonly 'GET /login/openid': {
    readonly path: Record<never, never>
    readonly query: {
      readonly to?: string | undefined
    }
    readonly body: undefined
    readonly answer: string
  }
  readonly 'GET /login/openid/callback': {
    readonly path: Record<never, never>
    readonly query: {
      readonly code?: string | undefined
      readonly state?: string | undefined
      readonly iss?: string | undefined
      readonly error?: string | undefined
    }
    readonly body: undefined
    readonly answer: string
  }
  readonly 'GET /api/v1/me': {
    readonly path: Record<never, never>
    readonly query: Record<never, never>
    readonly body: undefined
    readonly answer: {
      readonly id: string
      readonly role: string
      readonly permissions: readonly string[]
      readonly method: string
      readonly session: string | null
      readonly gateway: {
        readonly id: string
        readonly node: string
        readonly version: string
        readonly startedAt: string
      }
    }
  }
  readonly 'GET /api/v1/sessions': {
    readonly path: Record<never, never>
    readonly query: Record<never, never>
    readonly body: undefined
    readonly answer: {
      readonly data: readonly {
        readonly id: string
        readonly actor: string
        readonly role: string
        readonly method: string
        readonly address: string
        readonly madeAt: string
        readonly seenAt: string
        readonly expiresAt: string
      }[]
    }
  }
  readonly 'DELETE /api/v1/sessions/{id}': {
    readonly path: {
      readonly id: string
    }
    readonly query: Record<never, never>
    readonly body: undefined
    readonly answer: {
      readonly id: string
      readonly revoked: boolean
    }
  }
  readonly 'GET /api/v1/api-keys': {
    readonly path: Record<never, never>
    readonly query: Record<never, never>
    readonly body: undefined
    readonly answer: {
      readonly data: readonly {
        readonly id: string
        readonly name: string
        readonly role: string
        readonly state: string
        readonly madeBy: string
        readonly madeAt: string
        readonly expiresAt: string
        readonly usedAt: string | null
        readonly revokedAt: string | null
        readonly suspendedWhy: string | null
      }[]
    }
  }
  readonly 'POST /api/v1/api-keys': {
    readonly path: Record<never, never>
    readonly query: Record<never, never>
    readonly body: {
      readonly name: string
      readonly role: string
      readonly days: number
    }
    readonly answer: {
      readonly id: string
      readonly key: string
      readonly expiresAt: string
    }
  }
  readonly 'DELETE /api/v1/api-keys/{id}': {
    readonly path: {
      readonly id: string
    }
    readonly query: Record<never, never>
    readonly body: undefined
    readonly answer: {
      readonly id: string
      readonly revoked: boolean
    }
  }
  readonly 'GET /api/v1/people': {
    readonly path: Record<never, never>
    readonly query: Record<never, never>
    readonly body: undefined
    readonly answer: {
      readonly data: readonly {
        readonly id: string
        readonly name: string | null
        readonly role: string
        readonly state: string
        readonly certificates: number
      }[]
    }
  }
  readonly 'GET /api/v1/people/{id}': {
    readonly path: {
      readonly id: string
    }
    readonly query: Record<never, never>
    readonly body: undefined
    readonly answer: {
      readonly id: string
      readonly name: string | null
      readonly role: string
      readonly state: string
      readonly certificates: number
    }
  }
  readonly 'PATCH /api/v1/people/{id}': {
    readonly path: {
      readonly id: string
    }
    readonly query: {
      readonly dryRun?: boolean | undefined
    }
    readonly body: {
      readonly role?: string
      readonly state?: string
      readonly why: string
    }
    readonly answer: {
      readonly before: {
        readonly role: string
        readonly state: string
      }
      readonly after: {
        readonly role: string
        readonly state: string
      }
      readonly isDryRun: boolean
    }
  }
  readonly 'GET /api/v1/documents': {
    readonly path: Record<never, never>
    readonly query: {
      readonly partner?: string | undefined
      readonly document?: string | undefined
      readonly outcome?: string | undefined
      readonly code?: string | undefined
      readonly sha256?: string | undefined
      readonly certificate?: string | undefined
      readonly request?: string | undefined
      readonly address?: string | undefined
      readonly from?: string | undefined
      readonly to?: string | undefined
      readonly limit?: number | undefined
      readonly after?: string | undefined
      readonly before?: string | undefined
    }
    readonly body: undefined
    readonly answer: {
      readonly data: readonly ApiSchemas['Fact'][]
      readonly next: string | null
      readonly prev: string | null
    }
  }
  readonly 'GET /api/v1/refusals': {
    readonly path: Record<never, never>
    readonly query: {
      readonly partner?: string | undefined
      readonly document?: string | undefined
      readonly outcome?: string | undefined
      readonly code?: string | undefined
      readonly sha256?: string | undefined
      readonly certificate?: string | undefined
      readonly request?: string | undefined
      readonly address?: string | undefined
      readonly from?: string | undefined
      readonly to?: string | undefined
      readonly limit?: number | undefined
      readonly after?: string | undefined
      readonly before?: string | undefined
    }
    readonly body: undefined
    readonly answer: {
      readonly data: readonly ApiSchemas['Fact'][]
      readonly next: string | null
      readonly prev: string | null
    }
  }
  readonly 'GET /api/v1/connections': {
    readonly path: Record<never, never>
    readonly query: {
      readonly partner?: string | undefined
      readonly document?: string | undefined
      readonly outcome?: string | undefined
      readonly code?: string | undefined
      readonly sha256?: string | undefined
      readonly certificate?: string | undefined
      readonly request?: string | undefined
      readonly address?: string | undefined
      readonly from?: string | undefined
      readonly to?: string | undefined
      readonly limit?: number | undefined
      readonly after?: string | undefined
      readonly before?: string | undefined
    }
    readonly body: undefined
    readonly answer: {
      readonly data: readonly ApiSchemas['Fact'][]
      readonly next: string | null
      readonly prev: string | null
    }
  }
  readonly 'GET /api/v1/deliveries': {
    readonly path: Record<never, never>
    readonly query: {
      readonly partner?: string | undefined
      readonly document?: string | undefined
      readonly outcome?: string | undefined
      readonly code?: string | undefined
      readonly sha256?: string | undefined
      readonly certificate?: string | undefined
      readonly request?: string | undefined
      readonly address?: string | undefined
      readonly from?: string | undefined
      readonly to?: string | undefined
      readonly limit?: number | undefined
      readonly after?: string | undefined
      readonly before?: string | undefined
    }
    readonly body: undefined
    readonly answer: {
      readonly data: readonly ApiSchemas['Fact'][]
      readonly next: string | null
      readonly prev: string | null
    }
  }
  readonly 'GET /api/v1/hand-off': {
    readonly path: Record<never, never>
    readonly query: {
      readonly partner?: string | undefined
      readonly document?: string | undefined
      readonly outcome?: string | undefined
      readonly code?: string | undefined
      readonly sha256?: string | undefined
      readonly certificate?: string | undefined
      readonly request?: string | undefined
      readonly address?: string | undefined
      readonly from?: string | undefined
      readonly to?: string | undefined
      readonly limit?: number | undefined
      readonly after?: string | undefined
      readonly before?: string | undefined
    }
    readonly body: undefined
    readonly answer: {
      readonly data: readonly ApiSchemas['Fact'][]
      readonly next: string | null
      readonly prev: string | null
    }
  }
  readonly 'GET /api/v1/refusals/{id}': {
    readonly path: {
      readonly id: string
    }
    readonly query: Record<never, never>
    readonly body: undefined
    readonly answer: {
      readonly fact: ApiSchemas['Fact']
      readonly explanation: {
        readonly check: string
        readonly expected: string
        readonly found: string
        readonly meaning: string
        readonly remedy: string
      } | null
    }
  }
  readonly 'GET /api/v1/exports/documents': {
    readonly path: Record<never, never>
    readonly query: {
      readonly partner?: string | undefined
      readonly document?: string | undefined
      readonly outcome?: string | undefined
      readonly code?: string | undefined
      readonly sha256?: string | undefined
      readonly certificate?: string | undefined
      readonly request?: string | undefined
      readonly address?: string | undefined
      readonly from?: string | undefined
      readonly to?: string | undefined
    }
    readonly body: undefined
    readonly answer: string
  }
  readonly 'GET /api/v1/exports/refusals': {
    readonly path: Record<never, never>
    readonly query: {
      readonly partner?: string | undefined
      readonly document?: string | undefined
      readonly outcome?: string | undefined
      readonly code?: string | undefined
      readonly sha256?: string | undefined
      readonly certificate?: string | undefined
      readonly request?: string | undefined
      readonly address?: string | undefined
      readonly from?: string | undefined
      readonly to?: string | undefined
    }
    readonly body: undefined
    readonly answer: string
  }
  readonly 'GET /api/v1/exports/deliveries': {
    readonly path: Record<never, never>
    readonly query: {
      readonly partner?: string | undefined
      readonly document?: string | undefined
      readonly outcome?: string | undefined
      readonly code?: string | undefined
      readonly sha256?: string | undefined
      readonly certificate?: string | undefined
      readonly request?: string | undefined
      readonly address?: string | undefined
      readonly from?: string | undefined
      readonly to?: string | undefined
    }
    readonly body: undefined
    readonly answer: string
  }
  readonly 'GET /api/v1/exports/audit': {
    readonly path: Record<never, never>
    readonly query: Record<never, never>
    readonly body: undefined
    readonly answer: string
  }
  readonly 'GET /api/v1/dead-letters': {
    readonly path: Record<never, never>
    readonly query: {
      readonly state?: string | undefined
      readonly target?: string | undefined
      readonly partner?: string | undefined
      readonly from?: string | undefined
      readonly to?: string | undefined
      readonly limit?: number | undefined
      readonly after?: string | undefined
      readonly before?: string | undefined
    }
    readonly body: undefined
    readonly answer: {
      readonly data: readonly ApiSchemas['DeadLetter'][]
      readonly next: string | null
      readonly prev: string | null
    }
  }
  readonly 'GET /api/v1/dead-letters/count': {
    readonly path: Record<never, never>
    readonly query: {
      readonly state?: string | undefined
      readonly target?: string | undefined
      readonly partner?: string | undefined
      readonly from?: string | undefined
      readonly to?: string | undefined
    }
    readonly body: undefined
    readonly answer: ApiSchemas['Count']
  }
  readonly 'GET /api/v1/dead-letters/{index}': {
    readonly path: {
      readonly index: number
    }
    readonly query: Record<never, never>
    readonly body: undefined
    readonly answer: {
      readonly data: readonly ApiSchemas['DeadLetter'][]
      readonly tries: readonly ApiSchemas['Fact'][]
    }
  }
  readonly 'POST /api/v1/dead-letters/retry': {
    readonly path: Record<never, never>
    readonly query: {
      readonly dryRun?: boolean | undefined
    }
    readonly body: {
      readonly filter: {
        readonly target?: string
        readonly partner?: string
        readonly from?: string
        readonly to?: string
      }
      readonly expect: number
      readonly why: string
    }
    readonly answer: {
      readonly count: number
      readonly isDryRun: boolean
    }
  }
  readonly 'POST /api/v1/dead-letters/{index}/retry': {
    readonly path: {
      readonly index: number
    }
    readonly query: {
      readonly dryRun?: boolean | undefined
    }
    readonly body: {
      readonly why: string
    }
    readonly answer: {
      readonly data: readonly ApiSchemas['DeadLetter'][]
      readonly isDryRun: boolean
    }
  }
  readonly 'POST /api/v1/dead-letters/{index}/discard': {
    readonly path: {
      readonly index: number
    }
    readonly query: {
      readonly dryRun?: boolean | undefined
    }
    readonly body: {
      readonly why: string
    }
    readonly answer: {
      readonly data: readonly ApiSchemas['DeadLetter'][]
      readonly isDryRun: boolean
    }
  }
  readonly 'GET /api/v1/receivers': {
    readonly path: Record<never, never>
    readonly query: Record<never, never>
    readonly body: undefined
    readonly answer: {
      readonly data: readonly {
        readonly receiver: string
        readonly queued: number
        readonly since: string
      }[]
    }
  }
  readonly 'GET /api/v1/deliveries/count': {
    readonly path: Record<never, never>
    readonly query: {
      readonly state: string
      readonly receiver?: string | undefined
    }
    readonly body: undefined
    readonly answer: ApiSchemas['Count']
  }
  readonly 'GET /api/v1/deliveries/{entry}': {
    readonly path: {
      readonly entry: number
    }
    readonly query: Record<never, never>
    readonly body: undefined
    readonly answer: ApiSchemas['Delivery']
  }
  readonly 'POST /api/v1/deliveries/retry': {
    readonly path: Record<never, never>
    readonly query: {
      readonly dryRun?: boolean | undefined
    }
    readonly body: {
      readonly filter: {
        readonly state: string
        readonly receiver?: string
      }
      readonly expect: number
      readonly why: string
    }
    readonly answer: {
      readonly count: number
      readonly failed: readonly {
        readonly entry: number
        readonly detail: string
      }[]
      readonly isDryRun: boolean
    }
  }
  readonly 'POST /api/v1/deliveries/{entry}/retry': {
    readonly path: {
      readonly entry: number
    }
    readonly query: {
      readonly dryRun?: boolean | undefined
    }
    readonly body: {
      readonly why: string
    }
    readonly answer: ApiSchemas['Delivery']
  }
  readonly 'POST /api/v1/deliveries/{entry}/cancel': {
    readonly path: {
      readonly entry: number
    }
    readonly query: {
      readonly dryRun?: boolean | undefined
    }
    readonly body: {
      readonly why: string
    }
    readonly answer: ApiSchemas['Delivery']
  }
  readonly 'GET /api/v1/deliveries/{entry}/attempts': {
    readonly path: {
      readonly entry: number
    }
    readonly query: {
      readonly limit?: number | undefined
      readonly after?: string | undefined
      readonly before?: string | undefined
    }
    readonly body: undefined
    readonly answer: {
      readonly data: readonly ApiSchemas['Attempt'][]
      readonly next: string | null
      readonly prev: string | null
      readonly tries: number
      readonly notRecorded: number
    }
  }
  readonly 'GET /api/v1/documents/{index}': {
    readonly path: {
      readonly index: number
    }
    readonly query: Record<never, never>
    readonly body: undefined
    readonly answer: {
      readonly document: {
        readonly sender: string
        readonly id: string
        readonly acceptedAt: string
        readonly bytes: number
        readonly sha256: string
        readonly index: number
        readonly referenceDigest: string
      }
      readonly fact: ApiSchemas['Fact']
    }
  }
  readonly 'GET /api/v1/documents/{index}/receipt': {
    readonly path: {
      readonly index: number
    }
    readonly query: Record<never, never>
    readonly body: undefined
    readonly answer: string
  }
  readonly 'GET /api/v1/documents/{index}/proof': {
    readonly path: {
      readonly index: number
    }
    readonly query: Record<never, never>
    readonly body: undefined
    readonly answer: {
      readonly index: number
      readonly leaf: string
      readonly facts: string | null
      readonly nonce: string | null
      readonly checkpoint: string | null
    }
  }
  readonly 'GET /api/v1/documents/{index}/bytes': {
    readonly path: {
      readonly index: number
    }
    readonly query: Record<never, never>
    readonly body: undefined
    readonly answer: string
  }
  readonly 'GET /api/v1/stats': {
    readonly path: Record<never, never>
    readonly query: {
      readonly from?: string | undefined
      readonly to?: string | undefined
      readonly step?: number | undefined
      readonly partner?: string | undefined
    }
    readonly body: undefined
    readonly answer: {
      readonly from: string
      readonly to: string
      readonly step: number
      readonly data: readonly {
        readonly at: string
        readonly kind: string
        readonly outcome: string
        readonly events: number
        readonly bytes: number
      }[]
    }
  }
  readonly 'GET /api/v1/stats/partners': {
    readonly path: Record<never, never>
    readonly query: {
      readonly from?: string | undefined
      readonly to?: string | undefined
    }
    readonly body: undefined
    readonly answer: {
      readonly from: string
      readonly to: string
      readonly data: readonly {
        readonly partner: string | null
        readonly kind: string
        readonly outcome: string
        readonly events: number
        readonly bytes: number
      }[]
    }
  }
  readonly 'GET /api/v1/log': {
    readonly path: Record<never, never>
    readonly query: {
      readonly limit?: number | undefined
      readonly after?: string | undefined
      readonly before?: string | undefined
    }
    readonly body: undefined
    readonly answer: {
      readonly data: readonly {
        readonly index: number
        readonly event: Readonly<Record<string, unknown>> | null
      }[]
      readonly next: string | null
      readonly prev: string | null
    }
  }
  readonly 'GET /api/v1/log/checkpoint': {
    readonly path: Record<never, never>
    readonly query: Record<never, never>
    readonly body: undefined
    readonly answer: string
  }
  readonly 'GET /api/v1/log/consistency': {
    readonly path: Record<never, never>
    readonly query: {
      readonly from: number
    }
    readonly body: undefined
    readonly answer: {
      readonly from: number
      readonly proof: readonly string[]
      readonly checkpoint: string
    }
  }
  readonly 'GET /api/v1/log/witnesses': {
    readonly path: Record<never, never>
    readonly query: Record<never, never>
    readonly body: undefined
    readonly answer: {
      readonly data: readonly {
        readonly partner: string
        readonly readAt: string
        readonly size: number | null
      }[]
      readonly size: number
    }
  }
  readonly 'GET /api/v1/log/{index}': {
    readonly path: {
      readonly index: number
    }
    readonly query: Record<never, never>
    readonly body: undefined
    readonly answer: {
      readonly index: number
      readonly leaf: string
      readonly event: Readonly<Record<string, unknown>> | null
      readonly nonce: string | null
    }
  }
  readonly 'GET /api/v1/log/{index}/proof': {
    readonly path: {
      readonly index: number
    }
    readonly query: Record<never, never>
    readonly body: undefined
    readonly answer: {
      readonly index: number
      readonly leaf: string
      readonly proof: readonly string[]
      readonly checkpoint: string
    }
  }
  readonly 'GET /api/v1/audit': {
    readonly path: Record<never, never>
    readonly query: {
      readonly action?: string | undefined
      readonly who?: string | undefined
      readonly on?: string | undefined
      readonly outcome?: string | undefined
      readonly from?: string | undefined
      readonly to?: string | undefined
      readonly limit?: number | undefined
      readonly after?: string | undefined
      readonly before?: string | undefined
    }
    readonly body: undefined
    readonly answer: {
      readonly data: readonly {
        readonly number: number
        readonly digest: string
        readonly leaf: number | null
        readonly record: Readonly<Record<string, unknown>>
      }[]
      readonly next: string | null
      readonly prev: string | null
    }
  }
  readonly 'GET /api/v1/audit/{record}': {
    readonly path: {
      readonly record: string
    }
    readonly query: Record<never, never>
    readonly body: undefined
    readonly answer: {
      readonly number: number
      readonly digest: string
      readonly leaf: number | null
      readonly record: Readonly<Record<string, unknown>>
    }
  }
  readonly 'GET /livez': {
    readonly path: Record<never, never>
    readonly query: Record<never, never>
    readonly body: undefined
    readonly answer: string
  }
  readonly 'GET /readyz': {
    readonly path: Record<never, never>
    readonly query: {
      readonly verbose?: string | undefined
    }
    readonly body: undefined
    readonly answer: string
  }
  readonly 'GET /api/v1/health': {
    readonly path: Record<never, never>
    readonly query: Record<never, never>
    readonly body: undefined
    readonly answer: ApiSchemas['Health']
  }
  readonly 'GET /metrics': {
    readonly path: Record<never, never>
    readonly query: Record<never, never>
    readonly body: undefined
    readonly answer: string
  }
  readonly 'GET /api/v1/partners': {
    readonly path: Record<never, never>
    readonly query: Record<never, never>
    readonly body: undefined
    readonly answer: {
      readonly mode: string
      readonly authorities: readonly string[]
      readonly data: readonly ApiSchemas['Partner'][]
    }
  }
  readonly 'POST /api/v1/partners': {
    readonly path: Record<never, never>
    readonly query: {
      readonly dryRun?: boolean | undefined
    }
    readonly body: {
      readonly record: Readonly<Record<string, unknown>>
      readonly why: string
    }
    readonly answer: {
      readonly before: Readonly<Record<string, unknown>> | null
      readonly after: Readonly<Record<string, unknown>> | null
      readonly isDryRun: boolean
    }
  }
  readonly 'GET /api/v1/partners/{id}': {
    readonly path: {
      readonly id: string
    }
    readonly query: Record<never, never>
    readonly body: undefined
    readonly answer: {
      readonly id: string
      readonly name: string | null
      readonly contact: string | null
      readonly state: string
      readonly certificates: readonly ApiSchemas['CertificateRule'][]
      readonly documents: readonly string[] | null
      readonly requiresHybrid: boolean
      readonly acts: readonly ApiSchemas['Act'][]
      readonly record: Readonly<Record<string, unknown>>
    }
  }
  readonly 'PUT /api/v1/partners/{id}': {
    readonly path: {
      readonly id: string
    }
    readonly query: {
      readonly dryRun?: boolean | undefined
    }
    readonly body: {
      readonly record: Readonly<Record<string, unknown>>
      readonly why: string
    }
    readonly answer: {
      readonly before: Readonly<Record<string, unknown>> | null
      readonly after: Readonly<Record<string, unknown>> | null
      readonly isDryRun: boolean
    }
  }
  readonly 'DELETE /api/v1/partners/{id}': {
    readonly path: {
      readonly id: string
    }
    readonly query: {
      readonly dryRun?: boolean | undefined
      readonly why: string
    }
    readonly body: undefined
    readonly answer: {
      readonly before: Readonly<Record<string, unknown>> | null
      readonly after: Readonly<Record<string, unknown>> | null
      readonly isDryRun: boolean
    }
  }
  readonly 'POST /api/v1/partners/{id}/suspend': {
    readonly path: {
      readonly id: string
    }
    readonly query: {
      readonly dryRun?: boolean | undefined
    }
    readonly body: {
      readonly why: string
    }
    readonly answer: {
      readonly id: string
      readonly state: string
      readonly isDryRun: boolean
    }
  }
  readonly 'POST /api/v1/partners/{id}/resume': {
    readonly path: {
      readonly id: string
    }
    readonly query: {
      readonly dryRun?: boolean | undefined
    }
    readonly body: {
      readonly why: string
    }
    readonly answer: {
      readonly id: string
      readonly state: string
      readonly isDryRun: boolean
    }
  }
  readonly 'GET /api/v1/trust': {
    readonly path: Record<never, never>
    readonly query: Record<never, never>
    readonly body: undefined
    readonly answer: ApiSchemas['Trust']
  }
  readonly 'PUT /api/v1/trust': {
    readonly path: Record<never, never>
    readonly query: {
      readonly dryRun?: boolean | undefined
    }
    readonly body: {
      readonly trust: unknown
      readonly partners: readonly Readonly<Record<string, unknown>>[]
      readonly why: string
    }
    readonly answer: {
      readonly before: ApiSchemas['Trust']
      readonly after: ApiSchemas['Trust']
      readonly isDryRun: boolean
    }
  }
  readonly 'PUT /api/v1/authorities/{name}': {
    readonly path: {
      readonly name: string
    }
    readonly query: {
      readonly dryRun?: boolean | undefined
    }
    readonly body: {
      readonly anchorsPem: string
      readonly intermediatesPem?: string
      readonly more?: {
        readonly from?: string
        readonly until?: string
        readonly revocation?: {
          readonly need?: string
          readonly crl?: readonly string[]
          readonly refresh?: string
          readonly grace?: string
        }
      }
      readonly why: string
    }
    readonly answer: {
      readonly before: Readonly<Record<string, unknown>> | null
      readonly after: Readonly<Record<string, unknown>> | null
      readonly isDryRun: boolean
    }
  }
  readonly 'DELETE /api/v1/authorities/{name}': {
    readonly path: {
      readonly name: string
    }
    readonly query: {
      readonly dryRun?: boolean | undefined
      readonly why: string
    }
    readonly body: undefined
    readonly answer: {
      readonly before: Readonly<Record<string, unknown>> | null
      readonly after: Readonly<Record<string, unknown>> | null
      readonly isDryRun: boolean
    }
  }
  readonly 'GET /api/v1/rollovers': {
    readonly path: Record<never, never>
    readonly query: Record<never, never>
    readonly body: undefined
    readonly answer: {
      readonly data: readonly ApiSchemas['Rollover'][]
    }
  }
  readonly 'POST /api/v1/rollovers/{fingerprint}/accept': {
    readonly path: {
      readonly fingerprint: string
    }
    readonly query: Record<never, never>
    readonly body: {
      readonly partner?: string
      readonly why: string
    }
    readonly answer: ApiSchemas['Rollover']
  }
  readonly 'POST /api/v1/rollovers/{fingerprint}/refuse': {
    readonly path: {
      readonly fingerprint: string
    }
    readonly query: Record<never, never>
    readonly body: {
      readonly partner?: string
      readonly why: string
    }
    readonly answer: ApiSchemas['Rollover']
  }
  readonly 'GET /api/v1/certificates': {
    readonly path: Record<never, never>
    readonly query: Record<never, never>
    readonly body: undefined
    readonly answer: {
      readonly data: readonly {
        readonly uses: readonly string[]
        readonly subject: string
        readonly issuer: string
        readonly serialNumber: string
        readonly fingerprint: string
        readonly validFrom: string
        readonly validTo: string
        readonly daysLeft: number
        readonly state: string
      }[]
    }
  }
  readonly 'GET /api/v1/certificates/{fingerprint}': {
    readonly path: {
      readonly fingerprint: string
    }
    readonly query: Record<never, never>
    readonly body: undefined
    readonly answer: {
      readonly uses: readonly string[]
      readonly subject: string
      readonly issuer: string
      readonly serialNumber: string
      readonly fingerprint: string
      readonly validFrom: string
      readonly validTo: string
      readonly daysLeft: number
      readonly state: string
      readonly pem: string
    }
  }
  readonly 'POST /api/v1/certificates/check': {
    readonly path: Record<never, never>
    readonly query: Record<never, never>
    readonly body: {
      readonly certificate: string
    }
    readonly answer: {
      readonly form: string
      readonly certificates: readonly {
        readonly subject: string
        readonly issuer: string
        readonly serialNumber: string
        readonly fingerprint: string
        readonly validFrom: string
        readonly validTo: string
        readonly daysLeft: number
        readonly state: string
        readonly isCa: boolean
      }[]
      readonly isGood: boolean
      readonly partner: string | null
      readonly checks: readonly {
        readonly name: string
        readonly isPassed: boolean
        readonly detail: string
        readonly values: Readonly<Record<string, unknown>>
        readonly code: string | null
        readonly remedy: string | null
      }[]
      readonly rule: Readonly<Record<string, unknown>> | null
    }
  }
  readonly 'GET /api/v1/renewals': {
    readonly path: Record<never, never>
    readonly query: Record<never, never>
    readonly body: undefined
    readonly answer: {
      readonly data: readonly ApiSchemas['Renewal'][]
    }
  }
  readonly 'POST /api/v1/renewals/{use}': {
    readonly path: {
      readonly use: string
    }
    readonly query: Record<never, never>
    readonly body: {
      readonly why: string
    }
    readonly answer: ApiSchemas['Renewal']
  }
  readonly 'DELETE /api/v1/renewals/{use}': {
    readonly path: {
      readonly use: string
    }
    readonly query: {
      readonly why: string
    }
    readonly body: undefined
    readonly answer: ApiSchemas['Renewal']
  }
  readonly 'POST /api/v1/renewals/{use}/check': {
    readonly path: {
      readonly use: string
    }
    readonly query: Record<never, never>
    readonly body: {
      readonly certificate: string
    }
    readonly answer: {
      readonly isGood: boolean
      readonly fingerprint: string | null
      readonly validTo: string | null
      readonly checks: readonly {
        readonly name: string
        readonly isPassed: boolean
        readonly detail: string
        readonly values: Readonly<Record<string, unknown>>
        readonly code: string | null
      }[]
    }
  }
  readonly 'POST /api/v1/renewals/{use}/import': {
    readonly path: {
      readonly use: string
    }
    readonly query: {
      readonly dryRun?: boolean | undefined
    }
    readonly body: {
      readonly pkcs12: string
      readonly password: string
      readonly why: string
    }
    readonly answer: {
      readonly isGood: boolean
      readonly fingerprint: string | null
      readonly validTo: string | null
      readonly checks: readonly {
        readonly name: string
        readonly isPassed: boolean
        readonly detail: string
        readonly values: Readonly<Record<string, unknown>>
        readonly code: string | null
      }[]
      readonly certificate: string | null
      readonly isDryRun: boolean
    }
  }
  readonly 'POST /api/v1/renewals/{use}/install': {
    readonly path: {
      readonly use: string
    }
    readonly query: Record<never, never>
    readonly body: {
      readonly certificate: string
      readonly why: string
    }
    readonly answer: {
      readonly use: string
      readonly fingerprint: string
      readonly validTo: string
    }
  }
  readonly 'POST /api/v1/revocations': {
    readonly path: Record<never, never>
    readonly query: {
      readonly dryRun?: boolean | undefined
    }
    readonly body: {
      readonly serialNumber: string
      readonly certificate?: string
      readonly isUnknown?: boolean
      readonly reason: string
      readonly why: string
    }
    readonly answer: {
      readonly serialNumber: string
      readonly subject: string | null
      readonly fingerprint: string | null
      readonly isNew: boolean
      readonly number: string
      readonly count: number
      readonly nextUpdate: string
      readonly isDryRun: boolean
    }
  }
  readonly 'GET /api/v1/revocations': {
    readonly path: Record<never, never>
    readonly query: Record<never, never>
    readonly body: undefined
    readonly answer: {
      readonly acts: readonly ApiSchemas['Act'][]
    }
  }
  readonly 'GET /api/v1/alerts': {
    readonly path: Record<never, never>
    readonly query: Record<never, never>
    readonly body: undefined
    readonly answer: {
      readonly data: readonly ApiSchemas['Alert'][]
    }
  }
  readonly 'GET /api/v1/alerts/{id}': {
    readonly path: {
      readonly id: string
    }
    readonly query: Record<never, never>
    readonly body: undefined
    readonly answer: ApiSchemas['Alert']
  }
  readonly 'POST /api/v1/alerts/{id}/acknowledge': {
    readonly path: {
      readonly id: string
    }
    readonly query: Record<never, never>
    readonly body: {
      readonly why: string
    }
    readonly answer: ApiSchemas['Alert']
  }
  readonly 'GET /api/v1/alert-rules': {
    readonly path: Record<never, never>
    readonly query: Record<never, never>
    readonly body: undefined
    readonly answer: {
      readonly data: readonly ApiSchemas['AlertRule'][]
    }
  }
  readonly 'POST /api/v1/alert-rules/{name}/mute': {
    readonly path: {
      readonly name: string
    }
    readonly query: Record<never, never>
    readonly body: {
      readonly hours: number
      readonly why: string
    }
    readonly answer: ApiSchemas['AlertRule']
  }
  readonly 'POST /api/v1/alert-rules/{name}/unmute': {
    readonly path: {
      readonly name: string
    }
    readonly query: Record<never, never>
    readonly body: {
      readonly why: string
    }
    readonly answer: ApiSchemas['AlertRule']
  }
  readonly 'GET /api/v1/alert-channels': {
    readonly path: Record<never, never>
    readonly query: Record<never, never>
    readonly body: undefined
    readonly answer: {
      readonly data: readonly ApiSchemas['AlertChannel'][]
    }
  }
  readonly 'POST /api/v1/alert-channels/{name}/test': {
    readonly path: {
      readonly name: string
    }
    readonly query: Record<never, never>
    readonly body: undefined
    readonly answer: {
      readonly channel: string
      readonly ok: boolean
      readonly reason: string
    }
  }
  readonly 'GET /api/v1/settings': {
    readonly path: Record<never, never>
    readonly query: Record<never, never>
    readonly body: undefined
    readonly answer: {
      readonly data: readonly {
        readonly key: string
        readonly flag: string
        readonly value: string
        readonly origin: string
      }[]
    }
  }
  readonly 'GET /api/v1/backups': {
    readonly path: Record<never, never>
    readonly query: Record<never, never>
    readonly body: undefined
    readonly answer: {
      readonly folder: string | null
      readonly data: readonly ApiSchemas['Backup'][]
      readonly acts: readonly ApiSchemas['Act'][]
    }
  }
  readonly 'POST /api/v1/backups': {
    readonly path: Record<never, never>
    readonly query: Record<never, never>
    readonly body: {
      readonly why: string
    }
    readonly answer: ApiSchemas['Task']
  }
  readonly 'POST /api/v1/diagnose': {
    readonly path: Record<never, never>
    readonly query: Record<never, never>
    readonly body: {
      readonly why: string
    }
    readonly answer: ApiSchemas['Task']
  }
  readonly 'GET /api/v1/tasks': {
    readonly path: Record<never, never>
    readonly query: Record<never, never>
    readonly body: undefined
    readonly answer: {
      readonly data: readonly ApiSchemas['Task'][]
    }
  }
  readonly 'GET /api/v1/tasks/{id}': {
    readonly path: {
      readonly id: string
    }
    readonly query: Record<never, never>
    readonly body: undefined
    readonly answer: ApiSchemas['Task']
  }
  readonly 'POST /api/v1/tasks/{id}/cancel': {
    readonly path: {
      readonly id: string
    }
    readonly query: Record<never, never>
    readonly body: {
      readonly why: string
    }
    readonly answer: ApiSchemas['Task']
  }
  readonly 'GET /api/v1/faults': {
    readonly path: Record<never, never>
    readonly query: Record<never, never>
    readonly body: undefined
    readonly answer: {
      readonly data: readonly ApiSchemas['FaultRow'][]
    }
  }
  readonly 'GET /api/v1/faults/{code}': {
    readonly path: {
      readonly code: string
    }
    readonly query: Record<never, never>
    readonly body: undefined
    readonly answer: ApiSchemas['FaultRow']
  }
  readonly 'GET /api/v1/search': {
    readonly path: Record<never, never>
    readonly query: {
      readonly q: string
    }
    readonly body: undefined
    readonly answer: {
      readonly results: readonly {
        readonly as: string
        readonly data: readonly ApiSchemas['Fact'][]
      }[]
    }
  }
  readonly 'GET /api/v1/events': {
    readonly path: Record<never, never>
    readonly query: {
      readonly after?: string | undefined
    }
    readonly body: undefined
    readonly answer: string
  }
  readonly 'GET /api/v1/approvals': {
    readonly path: Record<never, never>
    readonly query: Record<never, never>
    readonly body: undefined
    readonly answer: {
      readonly data: readonly ApiSchemas['Approval'][]
    }
  }
  readonly 'GET /api/v1/approvals/{id}': {
    readonly path: {
      readonly id: string
    }
    readonly query: Record<never, never>
    readonly body: undefined
    readonly answer: ApiSchemas['Approval']
  }
  readonly 'POST /api/v1/approvals/{id}/approve': {
    readonly path: {
      readonly id: string
    }
    readonly query: Record<never, never>
    readonly body: undefined
    readonly answer: {
      readonly id: string
      readonly state: string
      readonly answer: string
    }
  }
  readonly 'POST /api/v1/approvals/{id}/refuse': {
    readonly path: {
      readonly id: string
    }
    readonly query: Record<never, never>
    readonly body: {
      readonly why: string
    }
    readonly answer: ApiSchemas['Approval']
  }
  readonly 'GET /openapi.json': {
    readonly path: Record<never, never>
    readonly query: Record<never, never>
    readonly body: undefined
    readonly answer: Readonly<Record<string, unknown>>
  }
}
