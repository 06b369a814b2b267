package email_test

import "testing"

func TestWhomNoMachineMayAnswer(t *testing.T) {
	for _, c := range []struct{ header, want string }{
		{"From: alice@cust.test", ""},
		{"From: alice@cust.test\r\nAuto-Submitted: no", ""},
		{"From: alice@cust.test\r\nPrecedence: normal", ""},
		{"From: bounty@cust.test", ""},
		{"From: alice@cust.test\r\nPrecedence: bulk", "bulk"},
		{"From: alice@cust.test\r\nPrecedence: Junk", "bulk"},
		{"From: alice@cust.test\r\nAuto-Submitted: auto-generated", "machine"},
		{"From: alice@cust.test\r\nList-Unsubscribe: <mailto:x@y.test>", "list"},
		{"Return-Path: <>\r\nFrom: alice@cust.test", "machine"},
		{"From: alice@cust.test\r\nX-Auto-Response-Suppress: DR, OOF, AutoReply", "asked"},
		{"From: alice@cust.test\r\nX-Auto-Response-Suppress: DR, RN, NRN", ""},
		{"From: no-reply@shop.test", "takes_none"},
		{"From: noreply+ab12@shop.test", "takes_none"},
		{"From: Acme <wordpress@shop.test>", "takes_none"},
		{"From: Shop <orders@shop.test>\r\nReply-To: donotreply@shop.test", "takes_none"},
	} {
		m := parse(t, []byte(c.header+"\r\nSubject: where is it?\r\nMessage-ID: <a@b>\r\n\r\nWhere is my parcel?\r\n"))
		if m.Unanswerable != c.want && (c.want == "" || m.Unanswerable == "") {
			t.Errorf("%q: %q, want %q (auto %q)", c.header, m.Unanswerable, c.want, m.Auto)
		}
	}
}
