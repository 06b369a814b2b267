// Package contact holds the words of the domain: messages, replies, contacts,
// conversations, identities and channels. It is a leaf: it imports the standard
// library only, and knows no technology. Everything else is written in its terms.
//
// Ids are UUIDv7 strings given by whoever creates the thing (the router for
// customers, conversations and contacts; the store for messages; the desk for
// replies). An id never carries an address or a name.
package contact
