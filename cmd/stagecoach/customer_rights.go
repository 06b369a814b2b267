package main

import (
	"context"
	"errors"
	"io"
)

var errNotHere = errors.New("this can't be done here")

// exports and erases report whether the page can do so by itself.
func (d *Daemon) exports() bool { return false }
func (d *Daemon) erases() bool  { return false }

func (d *Daemon) exportTo(context.Context, string, io.Writer) error { return errNotHere }

func (d *Daemon) eraseAs(context.Context, string) error { return errNotHere }
