// Docs: docs/http.md
/** Whether a text is a token, as the names of header fields are (RFC 9110 section 5.6.2). */
export const isToken = (text: string): boolean => /^[!#$%&'*+\-.^_`|~\w]+$/.test(text);
