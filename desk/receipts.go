package desk

import (
	"slices"
	"strconv"
	"strings"

	"stagecoach/contact"
	"stagecoach/desk/view"
	"stagecoach/ledger"
	"stagecoach/router"
)

// receiptWords says why a customer got no automatic receipt.
func receiptWords(reason string) string {
	switch reason {
	case "answered":
		return "No automatic receipt was sent: somebody had answered, or was about to."
	case "late":
		return "No automatic receipt was sent: it would have come too late."
	case "restarted", "in_doubt", "attempted_by_another_life":
		return "Nobody knows whether the automatic receipt arrived. It is not sent again."
	case "words_missing", "words_unread":
		return "No automatic receipt was sent: the message that it is for could not be read."
	case "no_sender":
		return "No automatic receipt was sent: nothing can be sent from this account."
	default:
		return "No automatic receipt was sent: " + troubleWords(reason, "") + "."
	}
}

// dropped marks a receipt that was queued and isn't sent after all.
const dropped = "receipt_dropped"

// asReceipt makes a reply's item that of an automatic receipt.
func asReceipt(item *view.Item, state replyState) {
	item.Author, item.Mine = "Automatic receipt", false
	if state.reason == dropped { // the next item says why
		item.State, item.Detail = "", "Not sent."
	}
}

// asRemainder makes a reply's item that of what goes once more to those alone
// whose server had asked to come later.
func asRemainder(item *view.Item, e *ledger.Entry, r *contact.Reply, state replyState) {
	people := slices.Concat(r.To, r.CC)
	item.To, item.CC = []contact.Address{}, []contact.Address{}
	for at := range strings.SplitSeq(e.Detail.DeferredAt, ",") {
		if i, err := strconv.Atoi(at); err == nil && i >= 0 && i < len(people) {
			item.To = append(item.To, people[i])
		}
	}
	item.Attachments = []view.Attachment{}
	item.Text, item.ReplyText = "(the same reply)", "(the same reply)"
	item.Detail = "Their server asked to come later; the others have it. " + stateWords(state)
	if state.state == router.ReplyIsDelivered {
		item.Detail = "Their server had asked to come later. " + stateWords(state)
	}
}
