package ledger

// factsVersion is the version of ledger.db. Another version in the file means
// that it is deleted and folded again.
const factsVersion = 7

// factsSchema makes ledger.db. Times are microseconds since 1970, 0 when there
// is none; nums are given in the order of the log, so that a rebuild gives the
// same rows.
const factsSchema = `
CREATE TABLE meta(
	name TEXT PRIMARY KEY, value TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE source(
	source TEXT PRIMARY KEY, facts TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE customer(
	id TEXT PRIMARY KEY, n INTEGER NOT NULL, at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE agent(
	id TEXT PRIMARY KEY, presence TEXT NOT NULL, removed INTEGER NOT NULL, facts TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE conversation(
	num INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, customer TEXT NOT NULL,
	state TEXT NOT NULL, last_at INTEGER NOT NULL, last_contact TEXT NOT NULL,
	contacts INTEGER NOT NULL, messages INTEGER NOT NULL, facts TEXT NOT NULL, lead TEXT NOT NULL
);
CREATE INDEX conversation_customer ON conversation(customer, num);
CREATE INDEX conversation_lead ON conversation(lead) WHERE lead <> '';
CREATE TABLE link(
	id TEXT PRIMARY KEY, a TEXT NOT NULL, b TEXT NOT NULL, evidence TEXT NOT NULL, conflict TEXT NOT NULL,
	state TEXT NOT NULL, message TEXT NOT NULL, remark TEXT NOT NULL, by TEXT NOT NULL, at INTEGER NOT NULL,
	ended_by TEXT NOT NULL, ended_at INTEGER NOT NULL, ended_remark TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX link_a ON link(a);
CREATE INDEX link_b ON link(b);
CREATE INDEX link_proposed ON link(at) WHERE state = 'proposed';
CREATE TABLE person(
	customer TEXT PRIMARY KEY, person TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX person_members ON person(person, customer);
CREATE TABLE contact(
	num INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, conv INTEGER NOT NULL,
	conversation TEXT NOT NULL, customer TEXT NOT NULL, channel TEXT NOT NULL,
	account TEXT NOT NULL, queue TEXT NOT NULL, state TEXT NOT NULL, agent TEXT NOT NULL,
	start INTEGER NOT NULL, due INTEGER NOT NULL, last_resort TEXT NOT NULL,
	ended TEXT NOT NULL, disposition TEXT NOT NULL, ended_by TEXT NOT NULL,
	end_reply TEXT NOT NULL, end_into TEXT NOT NULL,
	breached INTEGER NOT NULL, kept INTEGER NOT NULL,
	facts TEXT NOT NULL, more TEXT NOT NULL
);
CREATE INDEX contact_conv ON contact(conv);
CREATE INDEX contact_customer ON contact(customer, num);
CREATE INDEX contact_agent ON contact(agent, num);
CREATE INDEX contact_due ON contact(due) WHERE state <> 'ended';
CREATE TABLE message(
	num INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, conv INTEGER NOT NULL,
	contact TEXT NOT NULL, customer TEXT NOT NULL, source TEXT NOT NULL,
	ref TEXT NOT NULL, received_at INTEGER NOT NULL, taken INTEGER NOT NULL
);
CREATE TABLE evidence(
	num INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, source TEXT NOT NULL,
	conversation TEXT NOT NULL, contact TEXT NOT NULL, reply TEXT NOT NULL,
	ref TEXT NOT NULL
);
CREATE TABLE quarantine(
	num INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, source TEXT NOT NULL, ref TEXT NOT NULL,
	reason TEXT NOT NULL, at INTEGER NOT NULL, message TEXT NOT NULL
);
CREATE TABLE reply(
	num INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, contact TEXT NOT NULL,
	state TEXT NOT NULL, facts TEXT NOT NULL
);
CREATE TABLE key(
	key TEXT PRIMARY KEY, kind TEXT NOT NULL, what TEXT NOT NULL,
	id TEXT NOT NULL, place TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE entry(
	id INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL,
	conv INTEGER NOT NULL, contact INTEGER NOT NULL, actor TEXT NOT NULL,
	item TEXT NOT NULL, ref TEXT NOT NULL, channel TEXT NOT NULL, agent TEXT NOT NULL,
	code TEXT NOT NULL, reason TEXT NOT NULL, remark TEXT NOT NULL,
	until INTEGER NOT NULL, detail TEXT NOT NULL
);
CREATE INDEX entry_conv ON entry(conv) WHERE conv > 0;
CREATE INDEX entry_words ON entry(id) WHERE ref <> '' AND kind IN ('message_received', 'reply_queued', 'noted');
CREATE TABLE feedback(
	num INTEGER PRIMARY KEY, id TEXT NOT NULL, conversation TEXT NOT NULL, contact TEXT NOT NULL,
	customer TEXT NOT NULL, agent TEXT NOT NULL, reply TEXT NOT NULL, rating TEXT NOT NULL,
	kind TEXT NOT NULL, ref TEXT NOT NULL, follow TEXT NOT NULL, at INTEGER NOT NULL, last INTEGER NOT NULL,
	by_link INTEGER NOT NULL, voice TEXT NOT NULL
);
CREATE INDEX feedback_contact ON feedback(contact);
CREATE INDEX feedback_customer ON feedback(customer);
CREATE INDEX feedback_agent ON feedback(agent, voice, at) WHERE last = 1;
CREATE INDEX feedback_voice ON feedback(voice, at) WHERE last = 1;
CREATE INDEX contact_kind ON contact(json_extract(facts, '$.kind'), start) WHERE json_extract(facts, '$.kind') IN ('praise', 'idea', 'complaint');
CREATE INDEX contact_praise ON contact(json_extract(facts, '$.prefer'), start) WHERE json_extract(facts, '$.kind') = 'praise';
CREATE TABLE idea(
	id TEXT PRIMARY KEY, state TEXT NOT NULL, at INTEGER NOT NULL, by TEXT NOT NULL,
	ref TEXT NOT NULL, reply TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE gap(
	id INTEGER PRIMARY KEY, what TEXT NOT NULL, place TEXT NOT NULL, detail TEXT NOT NULL,
	n INTEGER NOT NULL, at INTEGER NOT NULL
);
`

// wordsVersion is the version of search.db.
const wordsVersion = 2

// wordsSchema makes search.db. A row's number is the instant of what it holds
// in milliseconds, shifted by 16 bits with a counter below, so that newest
// first is descending order of rows, also for history that is loaded late. The
// column also holds further spellings by which a word shall be found.
const wordsSchema = `
CREATE TABLE meta(
	name TEXT PRIMARY KEY, value INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE doc(
	num INTEGER PRIMARY KEY, ref TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, item TEXT NOT NULL,
	conversation TEXT NOT NULL, contact TEXT NOT NULL
);
CREATE VIRTUAL TABLE words USING fts5(
	subject, body, author, also,
	tokenize = "unicode61 remove_diacritics 2", prefix = '2 3 4'
);
INSERT INTO words(words, rank) VALUES('secure-delete', 1);
CREATE TABLE gone(
	ref TEXT PRIMARY KEY
) WITHOUT ROWID;
CREATE TABLE later(
	id INTEGER PRIMARY KEY, tries INTEGER NOT NULL
);
`
