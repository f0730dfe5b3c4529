// The id of a gateway, as documents, receipts and certificates name it.

/** 1 to 128 printable characters, no space at either end. */
export const GATEWAY_ID = /^(?! )[\p{L}\p{M}\p{N}\p{P}\p{S} ]{1,128}(?<! )$/u
