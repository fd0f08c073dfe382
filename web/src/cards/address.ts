// Which card is looked at, in the address. What is pinned is not in it.
export interface Place {
  readonly archive: string
  readonly card: string
}

export const isId = (text: string): boolean => /^[0-9a-f]{64}$/.test(text)

export function toHash({ archive, card }: Place): string {
  const fields = new URLSearchParams({ view: 'cards' })
  if (archive !== '') fields.append('archive', archive)
  if (card !== '') fields.append('card', card)
  return fields.toString()
}

/// What an address says; what is no id in it is passed over.
export function placeOf(hash: string): Place {
  const fields = new URLSearchParams(hash.replace(/^#/, ''))
  const card = fields.get('card') ?? ''
  return { archive: fields.get('archive') ?? '', card: isId(card) ? card : '' }
}
