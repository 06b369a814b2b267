package portal

import (
	"context"
	"errors"
	"io"
	"time"

	"stagecoach/contact"
)

// ErrGone means that nothing is kept of a conversation any more, ErrNoWay that there
// is no private way to reach the customer, ErrMoved that the way is another than it was.
var (
	ErrGone  = errors.New("nothing is kept of it any more")
	ErrNoWay = errors.New("no private way to the customer is known")
	ErrMoved = errors.New("the way to the customer is another by now")
	// ErrStranger means that who has proved themselves is not of the conversation any
	// more: a link between two customers was taken back.
	ErrStranger = errors.New("this customer is not of this conversation")
)

// Who is somebody on a page: of which conversation the page is, and as whom they have
// proved themselves, by codes that were sent to addresses of these customers. With the
// link alone nobody has proved anything.
type Who struct {
	Conversation string
	Proved       []string
}

// Way is a private way on which a code can be sent.
type Way struct {
	// ID names it on the page, so that nobody else learns anything by it.
	ID string
	// Shown is the address, so that its owner knows it and nobody learns it.
	Shown string
	// Customer is whoever reads there.
	Customer string
}

// State says how a question stands.
type State string

// The states of a question.
const (
	StateWaiting  State = "waiting"
	StateHeld     State = "held"
	StateSending  State = "sending"
	StateAnswered State = "answered"
	StateWithYou  State = "with_you"
	StateEnded    State = "ended"
	StateNothing  State = "nothing"
)

// Standing is how a question stands: all that somebody sees who has the link alone.
type Standing struct {
	State State
	// AskedAt is when the question came, Due by when an answer is promised, zero for
	// not at all; Late is true once that is over.
	AskedAt, Due time.Time
	Late         bool
	// Name is who answers, or has answered; "" while nobody does.
	Name     string
	Language string
	// Zone is the clock that times are written on.
	Zone *time.Location
	// Epoch and LastAt are the conversation's: how often links were made invalid, and
	// when something last happened.
	Epoch  int
	LastAt time.Time
	// Restricted says that they asked to be erased and that something must be kept: the
	// page tells that and nothing else. Nil if not.
	Restricted *Restricted
}

// Restricted is what became of somebody's wish to be erased while something of theirs
// must be kept.
type Restricted struct {
	Since time.Time
	// Themselves is true where they asked for it on their page.
	Themselves bool
	Duties     []Duty
}

// Duty is what a law or a hold has us keep.
type Duty struct {
	// Why names the law, or says what a hold is for in words for the customer; "" for a
	// legal obligation.
	Why string
	// Until is the last day, like 2031-12-31, "" where that is not known yet.
	Until string
}

// Story is what only the customer sees.
type Story struct {
	Lines []Line
	// Rated is what the customer has said of the last answer, "" for nothing; CanRate
	// is true where there is one.
	Rated   contact.Rating
	CanRate bool
	Kept    []Kept
	// Duties are what must be kept also if they ask to be erased.
	Duties  []Duty
	Profile Profile
}

// Line is one message or reply.
type Line struct {
	// Mine is true for what the customer wrote.
	Mine    bool
	Name    string
	At      time.Time
	Channel contact.Channel
	Text    string
	// Missing says why there are no words: "erased" or "expired".
	Missing string
	// Receipt is true for an automatic one.
	Receipt bool
	Files   []File
}

// File is an attachment.
type File struct {
	Name string
	Size int64
	// Of names the message or reply, N is its place there.
	Of string
	N  int
}

// Kept is how long one kind of thing is kept; Days 0 is until it is erased, and -1 for
// good.
type Kept struct {
	Kind string
	Days int
}

// Profile is what is known of the customer, each field with its source.
type Profile struct {
	Fields   []Field
	Channels []contact.Channel
	// Addresses are those by which they are known.
	Addresses []Field
	// Hidden are addresses that we take for theirs, and whose words are not shown until
	// a code that was sent there was entered.
	Hidden       []Hidden
	Prefer       contact.Channel
	PreferSource string
	PreferAt     time.Time
	Consents     []Consent
	ObjectedAt   time.Time
	// CanChange is true where there is a record that can be changed, CanErase and
	// CanExport where these can be done here.
	CanChange, CanErase, CanExport bool
}

// Hidden is an address that we take for the customer's on less than a proof.
type Hidden struct {
	Channel contact.Channel
	// Shown is the address as its owner knows it, Why the code of the evidence, At when
	// it was linked.
	Shown, Why string
	At         time.Time
	// Way is where a code goes, "" where none can.
	Way string
}

// Field is one thing that is known.
type Field struct {
	Name, Value, Source string
	Since               time.Time
	Stale               bool
}

// Consent is whether we may send something unasked.
type Consent struct {
	Channel contact.Channel
	Purpose string
	Given   bool
	// Source is where that is from, "" where nobody has said anything; Needed is true
	// for a purpose for which silence is a no.
	Source string
	At     time.Time
	Needed bool
}

// Rating is what a customer says of an answer.
type Rating struct {
	// Reply is the short id of the reply from the link, "" for the last one.
	Reply  string
	Rating contact.Rating
	Idea   bool
	Words  string
}

// Written is a message from the page. ID makes it one however often it is sent.
type Written struct{ ID, Text string }

// Change is what a customer changes about themselves.
type Change struct {
	// Prefer is a channel, "-" for none, "" for no change.
	Prefer string
	// Consents replace those that are shown, nil for no change.
	Consents []Consent
	// Object says that they object to being scored, or don't any more; nil for no
	// change.
	Object *bool
}

// Source is where the pages get what they show.
type Source interface {
	// Standing gives how a conversation stands, ErrGone where nothing is kept of it.
	Standing(ctx context.Context, conversation string) (*Standing, error)
	// Story gives what only the customer sees.
	Story(ctx context.Context, who Who) (*Story, error)
	// File opens an attachment of what Story shows.
	File(ctx context.Context, who Who, f File) (File, io.ReadCloser, error)
	// Ways gives where a code can be sent, the likeliest first: with the link alone to
	// those who take part in the conversation, and whoever has proved themselves may
	// prove their other addresses. ErrNoWay where there is none that is private.
	Ways(ctx context.Context, who Who) ([]Way, error)
	// SendCode sends words with a code there, ErrMoved where it goes elsewhere by now.
	SendCode(ctx context.Context, who Who, way Way, subject, text string) error
}

// Acts are what customers do on their page. Each is durable as it returns.
type Acts interface {
	// Write takes a message in.
	Write(ctx context.Context, who Who, w Written) error
	// Rate takes in what they say of an answer, and gives by when it is looked at
	// again, zero if it isn't. With the link alone an answer is rated once: ErrRated.
	Rate(ctx context.Context, who Who, r Rating) (again time.Time, err error)
	// Change changes what they say of themselves.
	Change(ctx context.Context, who Who, c Change) error
	// EndLinks makes all links invalid that they were sent.
	EndLinks(ctx context.Context, who Who) error
	// Export writes everything that is kept of them, as a ZIP file.
	Export(ctx context.Context, who Who, w io.Writer) error
	// Erase begins to erase everything that is kept of them.
	// What must be kept is restricted, and told; nil where nothing must.
	Erase(ctx context.Context, who Who) (*Restricted, error)
}

// ErrNothing means that there is no answer to rate, ErrRated that it was rated already
// and only the customer can change that.
var (
	ErrNothing = errors.New("there is no answer yet")
	ErrRated   = errors.New("this answer was rated already")
)
