package viewing_test

import (
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/viewing"
)

// mark puts a mark on the room's recording as package marking would.
func (r *room) mark(m string) {
	r.t.Helper()
	_, err := r.DB.Writer.NewRaw(`INSERT INTO marking (id, recording_id, mark, words, put_at, put_by, put_name) VALUES (?, ?, ?, 'x', 1, 'k', 'k')`,
		ident.New[ident.MarkingID](), r.rec, m).Exec(r.ctx)
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *room) copies(m viewing.Manner, to viewing.Recipient) viewing.Ask {
	return viewing.Ask{
		Items: []viewing.Item{{Recording: r.rec}}, Manner: m, To: to, Purpose: viewing.PurposeReply, Words: "答复复议", Until: r.Clock.Now().Add(24 * time.Hour),
	}
}

func (r *room) owed(q *viewing.Request) []duty.Duty {
	r.t.Helper()
	owed, err := duty.Owed(r.ctx, r.DB.Reader, custody.Subject{Kind: "viewing", ID: string(q.ID)})
	if err != nil {
		r.t.Fatal(err)
	}
	return owed
}

// TestManners is R-20-2: what leaves the bureau names its recipient and is decided by the leader; a grant holds for its manner,
// its person and its term alone (decision 3).
func TestManners(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		r := newRoom(t, w)
		_, err := r.svc.Ask(r.ctx, r.second, r.copies("forward", viewing.Recipient{}))
		want(t, err, "viewing.manner")
		_, err = r.svc.Ask(r.ctx, r.second, r.copies(viewing.MannerProvide, viewing.Recipient{Body: "县人民法院", Person: "张法官"}))
		want(t, err, "viewing.words") // no lawful basis
		_, err = r.svc.Ask(r.ctx, r.second, r.copies(viewing.MannerProvide, viewing.Recipient{Body: "县人民法院", Basis: "调取函〔2026〕9 号"}))
		want(t, err, "viewing.words") // nobody represents it
		to := viewing.Recipient{Body: "县人民法院", Person: "张法官", Contact: "0991-0000000", Basis: "调取函〔2026〕9 号"}
		q, err := r.svc.Ask(r.ctx, r.second, r.copies(viewing.MannerProvide, to))
		if err != nil || q.Level != access.Leader || q.Approver != "l" || q.Quorum != 1 {
			t.Fatalf("%+v %v", q, err)
		}
		if err := r.svc.Decide(r.ctx, r.head, q.ID, viewing.Decision{Consent: true}); !fault.Is(err, fault.Forbidden) {
			t.Fatalf("a head let something leave the bureau: %v", err)
		}
		allowed := func(person ident.PersonID, m ...viewing.Manner) error {
			got, err := viewing.Allowed(r.ctx, w.DB.Reader, w.Clock.Now(), person, q.No, m...)
			if err == nil && (got.To != to || len(got.Items) != 1) {
				t.Fatalf("%+v", got)
			}
			return err
		}
		want(t, allowed("p", viewing.MannerProvide), "viewing.not_granted")
		if err := r.svc.Decide(r.ctx, r.leader, q.ID, viewing.Decision{Consent: true}); err != nil {
			t.Fatal(err)
		}
		if err := allowed("p", viewing.MannerPublish, viewing.MannerProvide); err != nil {
			t.Fatal(err)
		}
		want(t, allowed("p", viewing.MannerCopy), "viewing.other_manner")
		want(t, allowed("o", viewing.MannerProvide), "viewing.unknown")
		want(t, allowed("", viewing.MannerProvide), "viewing.unknown")
		if _, err := r.svc.Ask(r.ctx, r.second, r.copies(viewing.MannerCopy, viewing.Recipient{})); err != nil { // another manner is another request
			t.Fatal(err)
		}
		w.Clock.Add(25 * time.Hour)
		want(t, allowed("p", viewing.MannerProvide), "viewing.not_granted")
	})
}

// TestQuorum is R-20-4 and T7: protected content needs two who consent; nobody is both, and nobody is the one who asked.
func TestQuorum(t *testing.T) {
	t.Parallel()
	for _, m := range []string{"commercial_secret", "privacy", "minor"} {
		t.Run(m, func(t *testing.T) {
			t.Parallel()
			gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
				r := newRoom(t, w)
				r.mark(m)
				q := r.ask(r.second)
				if q.Quorum != 2 || q.Level != access.Head || q.SecondLevel != access.Leader {
					t.Fatalf("%+v", q)
				}
				r.consent(q)
				if owed := r.owed(q); len(owed) != 1 || owed[0].Kind != duty.SecondConsent || owed[0].Person != "l" {
					t.Fatalf("%+v", owed)
				}
				_, err := r.svc.Open(r.ctx, r.second, seat(r.second), r.rec, viewing.Play)
				want(t, err, "access.ask_to_look") // one of two is none
				both := r.head
				both.Roles = append(both.Roles, access.Leader)
				for name, a := range map[string]access.Actor{"the first again": r.head, "the first in another office": both, "who asks": r.second, "an administrator": r.admin} {
					if err := r.svc.Decide(r.ctx, a, q.ID, viewing.Decision{Consent: true}); !fault.Is(err, fault.Forbidden) {
						t.Errorf("%s consented: %v", name, err)
					}
				}
				if err := r.svc.Decide(r.ctx, r.leader, q.ID, viewing.Decision{Consent: true, Until: q.AskedUntil.Add(-time.Hour)}); err != nil {
					t.Fatal(err)
				}
				if owed := r.owed(q); len(owed) != 0 {
					t.Fatalf("%+v", owed)
				}
				r.open(r.second)
			})
		})
	}
}

// TestQuorumRefused: either of two refuses, and a request that waits for the second is withdrawn with nothing owed.
func TestQuorumRefused(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		r := newRoom(t, w)
		r.mark("home")
		q := r.ask(r.second)
		want(t, r.svc.Decide(r.ctx, r.head, q.ID, viewing.Decision{Consent: true, Until: q.AskedUntil.Add(-time.Hour)}), "viewing.until_second")
		r.consent(q)
		if err := r.svc.Decide(r.ctx, r.leader, q.ID, viewing.Decision{Words: "与案件无关"}); err != nil {
			t.Fatal(err)
		}
		got, err := viewing.Allowed(r.ctx, w.DB.Reader, w.Clock.Now(), "p", q.No, viewing.MannerView)
		want(t, err, "viewing.not_granted")
		if owed := r.owed(q); got != nil || len(owed) != 0 {
			t.Fatalf("%+v %+v", got, owed)
		}
		again := r.ask(r.second)
		r.consent(again)
		if err := r.svc.Withdraw(r.ctx, r.second, again.ID); err != nil {
			t.Fatal(err)
		}
		if owed := r.owed(again); len(owed) != 0 {
			t.Fatalf("%+v", owed)
		}
	})
}

// TestFrozenWhilePlaying: the next piece of a running player is refused, and so is a new look (decision 21, T6).
func TestFrozenWhilePlaying(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		r := newRoom(t, w)
		r.consent(r.ask(r.second))
		l := r.open(r.second)
		if _, err := r.svc.Watch(r.ctx, r.second, seat(r.second), l.ID, 0, time.Second); err != nil {
			t.Fatal(err)
		}
		r.mark("state_secret")
		_, err := r.svc.Watch(r.ctx, r.second, seat(r.second), l.ID, 0, time.Second)
		want(t, err, "marking.frozen")
		_, err = r.svc.Open(r.ctx, r.second, seat(r.second), r.rec, viewing.Picture)
		want(t, err, "marking.frozen")
	})
}

// TestFrozenNotGranted: a mark for a state secret that came after the request stands in the way of consent (decision 21).
func TestFrozenNotGranted(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		r := newRoom(t, w)
		q := r.ask(r.second)
		r.mark("state_secret")
		want(t, r.svc.Decide(r.ctx, r.head, q.ID, viewing.Decision{Consent: true}), "marking.frozen")
	})
}

// TestProtectedSince is R-20-4: a mark that came after the request is not got round by its one consent; a state of the
// request that changed nothing stays, it can be refused or withdrawn, and asked anew it needs two.
func TestProtectedSince(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		r := newRoom(t, w)
		q := r.ask(r.second)
		if q.Quorum != 1 {
			t.Fatalf("%+v", q)
		}
		r.mark("privacy")
		want(t, r.svc.Decide(r.ctx, r.head, q.ID, viewing.Decision{Consent: true}), "viewing.now_protected")
		_, err := r.svc.Open(r.ctx, r.second, seat(r.second), r.rec, viewing.Play)
		want(t, err, "access.ask_to_look")
		if owed := r.owed(q); len(owed) != 1 || owed[0].Kind != duty.DecideViewing {
			t.Fatalf("%+v", owed)
		}
		if err := r.svc.Withdraw(r.ctx, r.second, q.ID); err != nil {
			t.Fatal(err)
		}
		again := r.ask(r.second)
		if again.Quorum != 2 {
			t.Fatalf("%+v", again)
		}
		r.consent(again)
		_, err = r.svc.Open(r.ctx, r.second, seat(r.second), r.rec, viewing.Play)
		want(t, err, "access.ask_to_look")
		if err := r.svc.Decide(r.ctx, r.leader, again.ID, viewing.Decision{Consent: true}); err != nil {
			t.Fatal(err)
		}
		r.open(r.second)
	})
}
