// Files that are dropped, pasted or chosen, as a search takes them: base64, in memory alone.

/// What a search may carry; the server's own limit is 100 MB of JSON.
export const MAX_FILE_BYTES = 48 * 1024 * 1024

export async function toBase64(file: Blob): Promise<string> {
  const url = await new Promise<string>((resolve, reject) => {
    const reader = new FileReader()
    reader.onload = () => resolve(String(reader.result))
    reader.onerror = () => reject(reader.error ?? new Error('unreadable'))
    reader.readAsDataURL(file)
  })
  return url.slice(url.indexOf(',') + 1)
}

export function filesOf(data: DataTransfer | null): File[] {
  return data === null ? [] : [...data.files]
}
