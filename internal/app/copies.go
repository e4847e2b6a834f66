package app

import (
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/recording/derivative"
)

// copies has everything made that a look may show, at the first grant (decision 28).
type copies struct{ made *derivative.Service }

func (c copies) Want(tx *gate.Tx, rec ident.RecordingID) error {
	return c.made.Want(tx, rec, derivative.Kinds()...)
}
