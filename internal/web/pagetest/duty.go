package pagetest

import (
	"context"
	"testing"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
)

func openDuty(t testing.TB, g *gate.Gate, n duty.New) ident.DutyID {
	t.Helper()
	var id ident.DutyID
	err := g.Do(context.Background(), access.SystemActor("test"), access.RecordingSeal, access.Subject{Kind: "file", ID: "f1"}, func(tx *gate.Tx) error {
		var err error
		if _, err = tx.Record(gate.Entry{}); err != nil {
			return err
		}
		id, err = duty.Open(tx, n)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// MeetDuty ends the open duty of a kind about a subject as met.
func (w *World) MeetDuty(k duty.Kind, about custody.Subject) {
	w.t.Helper()
	err := w.Gate.Do(context.Background(), access.SystemActor("test"), access.RecordingSeal, access.Subject{Kind: "file", ID: "f1"}, func(tx *gate.Tx) error {
		if _, err := tx.Record(gate.Entry{}); err != nil {
			return err
		}
		return duty.Meet(tx, k, about, "")
	})
	if err != nil {
		w.t.Fatal(err)
	}
}
