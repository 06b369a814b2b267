// Package fault names the places between two steps that matter, so that a test
// can end the process at exactly one of them. A point costs one nil check
// unless STAGECOACH_FAULT names it.
//
// STAGECOACH_FAULT=name[@channel][:k] ends the process with SIGKILL when the point
// has been reached for the k-th time (1 if left out), with a channel only on the
// way of what is that channel's. Only tests set it.
package fault

import (
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

// Env is the environment variable that arms one point.
const Env = "STAGECOACH_FAULT"

// Point is a named place between two steps.
type Point string

// The points, in the order in which a message and its reply pass them.
const (
	InboxBeforeStore    Point = "inbox.before_store"
	InboxAfterStore     Point = "inbox.after_store"
	SourceBeforeMark    Point = "source.before_bookmark"
	SourceAfterMark     Point = "source.after_bookmark"
	IntakeBeforeCommand Point = "intake.before_command"
	IntakeAfterCommand  Point = "intake.after_command"
	LogBeforeAppend     Point = "log.before_append"
	LogAfterAppend      Point = "log.after_append"
	ReplyBeforeStore    Point = "reply.before_store"
	ReplyAfterStore     Point = "reply.after_store"
	OutboxBeforePublish Point = "outbox.before_publish"
	OutboxAfterPublish  Point = "outbox.after_publish"
	SendBeforeAttempt   Point = "send.before_attempt"
	SendAfterAttempt    Point = "send.after_attempt"
	SendAfterRefusals   Point = "send.after_refusals"
	SendAfterUpload     Point = "send.after_upload"
	SendAfterPart       Point = "send.after_part"
	SendAfterProvider   Point = "send.after_provider"
	SendAfterOutcome    Point = "send.after_outcome"
	SentBeforeAppend    Point = "sent.before_append"
	ReceiptBeforeStore  Point = "receipt.before_store"
	ReceiptAfterStore   Point = "receipt.after_store"
	ReceiptAfterQueue   Point = "receipt.after_queue"
	SnapshotBeforeSave  Point = "snapshot.before_save"
	SnapshotAfterSave   Point = "snapshot.after_save"
	LedgerBeforeFold    Point = "ledger.before_fold"
)

// The points of an erasure, in their order.
const (
	EraseBeforeRegister Point = "erase.before_register"
	EraseAfterRegister  Point = "erase.after_register"
	EraseAfterCommit    Point = "erase.after_commit"
	EraseAfterChats     Point = "erase.after_chats"
	EraseAfterSearch    Point = "erase.after_search"
	EraseAfterFirst     Point = "erase.after_first"
	EraseAfterContent   Point = "erase.after_content"
	EraseBeforeEnd      Point = "erase.before_end"
)

// ErasurePoints lists every point of an erasure, for the test that kills at each.
func ErasurePoints() []Point {
	return []Point{
		EraseBeforeRegister, EraseAfterRegister, EraseAfterCommit, EraseAfterChats,
		EraseAfterSearch, EraseAfterFirst, EraseAfterContent, EraseBeforeEnd,
	}
}

// The points at which an erasure restricts, as something must be kept, and at which
// what was kept goes on its day, in their order.
const (
	RestrictAfterHead  Point = "restrict.after_head"
	RestrictAfterFirst Point = "restrict.after_first"
	DueAfterFirst      Point = "due.after_first"
	DueBeforeHead      Point = "due.before_head"
	DueBeforeEnd       Point = "due.before_end"
	LiftAfterRegister  Point = "lift.after_register"
)

// The points of an adapter that runs as a process of its own.
const (
	ItemBeforeDeliver  Point = "item.before_deliver"
	ItemAfterDeliver   Point = "item.after_deliver"
	OrderBeforeSend    Point = "order.before_send"
	OrderAfterProvider Point = "order.after_provider"
)

// Points lists every point of the daemon, for the test that kills at each.
func Points() []Point {
	return []Point{
		InboxBeforeStore, InboxAfterStore, SourceBeforeMark, SourceAfterMark,
		IntakeBeforeCommand, IntakeAfterCommand, LogBeforeAppend, LogAfterAppend,
		ReplyBeforeStore, ReplyAfterStore, OutboxBeforePublish, OutboxAfterPublish,
		SendBeforeAttempt, SendAfterAttempt, SendAfterRefusals, SendAfterUpload, SendAfterPart, SendAfterProvider, SendAfterOutcome,
		SentBeforeAppend, ReceiptBeforeStore, ReceiptAfterStore, ReceiptAfterQueue,
		SnapshotBeforeSave, SnapshotAfterSave, LedgerBeforeFold,
	}
}

type armed struct {
	point   Point
	channel string
	left    atomic.Int64
}

//nolint:gochecknoglobals // a table read once from the environment; nil in production
var current = parse(os.Getenv(Env))

func parse(s string) *armed {
	if s == "" {
		return nil
	}
	name, count, _ := strings.Cut(s, ":")
	name, channel, _ := strings.Cut(name, "@")
	k, err := strconv.ParseInt(count, 10, 64)
	if err != nil || k < 1 {
		k = 1
	}
	a := &armed{point: Point(name), channel: channel}
	a.left.Store(k)
	return a
}

// reached reports whether the process is to end at p, on the way of a channel.
func (a *armed) reached(p Point, channel string) bool {
	return a.point == p && (a.channel == "" || a.channel == channel) && a.left.Add(-1) == 0
}

// Here marks that p has been reached. It does not return if p is armed and due.
func Here(p Point) { On("", p) }

// On is Here on the way of what is a channel's.
func On[C ~string](channel C, p Point) {
	if current != nil && current.reached(p, string(channel)) {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // SIGKILL takes effect before this line is left
	}
}
