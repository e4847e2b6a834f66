// Package grab keeps still pictures out of running looks (画面截图). Each is cut from what the viewer was sent, with the
// viewer's mark in it, is an entry of its own in the log, and counts in the look's row of the register. Its bytes are not
// kept: while the look lasts they are cut anew and compared with the digest.
package grab

import (
	"context"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/viewing"
)

// Grab is one still picture.
type Grab struct {
	ID        ident.GrabID
	N         int // in its look, from 1
	Look      ident.LookID
	Recording ident.RecordingID
	File      ident.FileID
	Segment   int           // of the file's viewing copy
	Within    time.Duration // from the segment's beginning
	At        time.Duration // from the recording's beginning
	Mark      string        // what is written in the picture
	SHA256    string
	Size      int64
	By        ident.PersonID
	MadeAt    time.Time
	Entry     ident.EntryID
}

// Most bounds the pictures of one look, so that no film is taken away picture by picture.
const Most = 200

// Looks judges whether a look goes on; *viewing.Service is one.
type Looks interface {
	Watch(ctx context.Context, actor access.Actor, seat viewing.Seat, id ident.LookID, from, to time.Duration) (*viewing.Look, error)
}

// Service keeps them.
type Service struct {
	db    *db.DB
	gate  *gate.Gate
	looks Looks
}

// New makes a Service.
func New(d *db.DB, g *gate.Gate, looks Looks) *Service { return &Service{d, g, looks} }

// moment is the stretch that a still picture shows.
const moment = time.Millisecond

// Keep keeps in the log and in the look's row of the register that a still picture was cut. It judges the look once more,
// since the cutting took a while; only after it may the picture be sent. Faults: those of viewing.Service.Watch; Conflict
// "viewing.look_ended", "viewing.grabs".
func (s *Service) Keep(ctx context.Context, actor access.Actor, seat viewing.Seat, g Grab) (*Grab, error) {
	l, err := s.looks.Watch(ctx, actor, seat, g.Look, g.At, g.At+moment)
	if err != nil {
		return nil, err
	}
	g.ID, g.Recording, g.By, g.Entry = ident.New[ident.GrabID](), l.Recording, actor.Person, ident.New[ident.EntryID]()
	subject := access.Subject{
		Kind: "recording", ID: string(l.Recording), Department: l.Department, Officer: l.Viewer, Owner: string(l.Account), Ground: string(l.Ground),
	}
	err = s.gate.Do(ctx, actor, access.LookGrab, subject, func(tx *gate.Tx) error {
		ctx, idb := tx.Context(), tx.DB()
		// Whatever takes a grant back, or ends it, ends its looks in the same change.
		if open, err := lockLook(ctx, idb, l.ID); err != nil || !open {
			if err == nil {
				err = fault.New(fault.Conflict, "viewing.look_ended")
			}
			return err
		}
		had, err := count(ctx, idb, []ident.LookID{l.ID})
		if err != nil {
			return err
		}
		if had[l.ID] >= Most {
			return fault.New(fault.Conflict, "viewing.grabs", Most)
		}
		g.N, g.MadeAt = had[l.ID]+1, tx.Now()
		said, err := insert(ctx, idb, &g)
		if err != nil {
			return err
		}
		related := []custody.Subject{{Kind: "look", ID: string(l.ID)}, {Kind: "person", ID: string(l.Viewer)}, {Kind: "grab", ID: string(g.ID)}}
		if l.Request != "" {
			related = append(related, custody.Subject{Kind: "viewing", ID: string(l.Request)})
		}
		_, err = tx.Record(gate.Entry{
			ID: g.Entry, Related: related,
			Detail: custody.Detail(append(said, "no", l.No, "n", g.N, "at_ms", g.At.Milliseconds(), "sha256", g.SHA256, "size", g.Size)...),
		})
		return err
	})
	return &g, err
}

// Get gives a kept picture of a running look to the seat that looks. NotFound "viewing.grab_unknown"; else those of Watch.
func (s *Service) Get(ctx context.Context, actor access.Actor, seat viewing.Seat, look ident.LookID, id ident.GrabID) (*viewing.Look, *Grab, error) {
	if _, err := s.looks.Watch(ctx, actor, seat, look, 0, 0); err != nil {
		return nil, nil, err
	}
	g, err := byID(ctx, s.db.Reader, id)
	if err != nil {
		return nil, nil, err
	}
	if g.Look != look {
		return nil, nil, fault.New(fault.NotFound, "viewing.grab_unknown")
	}
	l, err := s.looks.Watch(ctx, actor, seat, look, g.At, g.At+moment)
	return l, g, err
}

// Count counts the pictures of looks, for the register.
func (s *Service) Count(ctx context.Context, looks []ident.LookID) (map[ident.LookID]int, error) {
	return count(ctx, s.db.Reader, looks)
}
