// Package auth proves who is there: passwords under argon2id, sessions under
// the hash of their token, and limits on how often somebody may try. It knows
// no HTTP and nothing of the domain beyond an account's id.
package auth
