package main

import (
	"context"
	"errors"
	"io"
)

func (r *rights) export(context.Context, string, io.Writer) error { return errors.ErrUnsupported }
