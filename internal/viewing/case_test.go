package viewing_test

import (
	"context"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/viewing"
)

// A request may name a case: the same people consent to it, and it holds for its viewer, this case and its term alone. // decision 3
func TestRequestForCase(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		r := newRoom(t, w)
		id, foreign := ident.New[ident.CaseID](), ident.New[ident.CaseID]()
		svc, err := viewing.New(viewing.Config{
			DB: w.DB, Gate: w.Gate, Recordings: r, Offices: r, Copies: r, Clock: w.Clock, Log: w.Log,
			DepartmentName: func(context.Context, ident.DepartmentID) string { return "科室" },
			Case: func(_ context.Context, _ access.Actor, want ident.CaseID) (viewing.CaseObject, error) {
				if want != id {
					return viewing.CaseObject{}, fault.New(fault.NotFound, "case.unknown")
				}
				return viewing.CaseObject{ID: id, No: "1", Department: "d1"}, nil
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		ask := viewing.Ask{Case: id, Purpose: viewing.PurposeReply, Words: "答复复议", Until: w.Clock.Now().Add(24 * time.Hour)}
		looks := ask
		looks.Manner = viewing.MannerView
		_, err = svc.Ask(r.ctx, r.second, looks)
		want(t, err, "viewing.case_manner")
		unknown := ask
		unknown.Case, unknown.Items = foreign, []viewing.Item{{Recording: r.rec}}
		_, err = svc.Ask(r.ctx, r.second, unknown)
		want(t, err, "case.unknown")
		unknown.Items = nil
		_, err = svc.Ask(r.ctx, r.second, unknown)
		want(t, err, "case.unknown")
		q, err := svc.Ask(r.ctx, r.second, ask)
		if err != nil || q.Case != id || q.Approver != r.head.Person {
			t.Fatalf("%+v, %v", q, err)
		}
		_, err = svc.Ask(r.ctx, r.second, ask)
		want(t, err, "viewing.asked")
		holds := func(person ident.PersonID, no int64, c ident.CaseID) error {
			_, err := viewing.ForCase(r.ctx, w.DB.Reader, w.Clock.Now(), person, no, c)
			return err
		}
		want(t, holds(r.second.Person, q.No, id), "viewing.not_granted")
		if err := svc.Decide(r.ctx, r.head, q.ID, viewing.Decision{Consent: true}); err != nil {
			t.Fatal(err)
		}
		if r.wanted != 0 {
			t.Error("copies were made for a case")
		}
		if err := holds(r.second.Person, q.No, id); err != nil {
			t.Error(err)
		}
		want(t, holds(r.officer.Person, q.No, id), "viewing.unknown")
		want(t, holds("", q.No, id), "viewing.unknown")
		want(t, holds(r.second.Person, q.No+1, id), "viewing.unknown")
		want(t, holds(r.second.Person, q.No, foreign), "viewing.other_case")
		want(t, holds(r.second.Person, r.ask(r.second).No, id), "viewing.other_case") // one for a recording
		if own, err := svc.OwnForCase(r.ctx, r.second, id); err != nil || own == nil || own.ID != q.ID {
			t.Errorf("%+v, %v", own, err)
		}
		if own, err := svc.OwnForCase(r.ctx, r.officer, id); err != nil || own != nil {
			t.Errorf("%+v, %v", own, err)
		}
		history := w.History(t, "case", string(id))
		if len(history) != 2 {
			t.Errorf("the case's history has %d entries", len(history))
		}
		if _, err := w.DB.Writer.NewRaw("UPDATE viewing_request SET case_id = ? WHERE id = ?", foreign, q.ID).Exec(r.ctx); err == nil {
			t.Error("what was asked for can be edited")
		}
		w.Clock.Add(25 * time.Hour)
		want(t, holds(r.second.Person, q.No, id), "viewing.not_granted")
	})
}
