/** metav1.MicroTime: RFC 3339 with exactly six digits after the second; the API server refuses any other number. */
export function microTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}
