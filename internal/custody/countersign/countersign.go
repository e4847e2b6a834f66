// Package countersign asks outside witnesses (见证方) to sign beside us that the log's head goes on from the one they signed
// before, keeps their signatures, and holds against us what they have seen. Whoever puts back the database and the keys folder
// together is found by it: the witness knows a head that we do not (T10, T11).
package countersign

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/witness"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
)

// Peer is a witness that is asked.
type Peer struct {
	Verifier *witness.Verifier
	URL      string // its submission prefix
}

// ParsePeer reads "name+hash+key@URL". In the open a witness is asked on this machine only: what it says stops the signer.
func ParsePeer(s string) (Peer, error) {
	bad := func(err error) error { return fault.Wrap(err, fault.Invalid, "witness.setting", s).At("witness") }
	i := strings.LastIndex(s, "@http")
	if i < 0 {
		return Peer{}, bad(nil)
	}
	v, err := witness.NewVerifier(s[:i])
	if err != nil {
		return Peer{}, bad(err)
	}
	u, err := url.Parse(s[i+1:])
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return Peer{}, bad(err)
	}
	if addr, err := netip.ParseAddr(u.Hostname()); u.Scheme != "https" && (u.Scheme != "http" || u.Hostname() != "localhost" && (err != nil || !addr.IsLoopback())) {
		return Peer{}, bad(nil)
	}
	return Peer{v, strings.TrimSuffix(u.String(), "/")}, nil
}

// Config is what a Service needs.
type Config struct {
	DB     *db.DB
	Gate   *gate.Gate
	Peers  []Peer
	Clock  clock.Clock
	Log    *slog.Logger
	Client *http.Client  // nil for one that is bounded in time and follows nobody elsewhere
	Every  time.Duration // between two askings; a minute if zero
}

// Service asks the witnesses.
type Service struct {
	c  Config
	mu sync.Mutex // one round at a time

	heardMu sync.Mutex
	heard   map[string]bool // witnesses that have answered since this process started
}

// askTime bounds one asking.
const askTime = 10 * time.Second

// New makes the service.
func New(c Config) *Service {
	if c.Client == nil {
		c.Client = &http.Client{Timeout: askTime, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	if c.Every == 0 {
		c.Every = time.Minute
	}
	return &Service{c: c, heard: map[string]bool{}}
}

// Register enters witnesses that were not asked before: since when there is one, the log says for ever.
func (s *Service) Register(ctx context.Context) error {
	for _, p := range s.c.Peers {
		known, err := find(ctx, s.c.DB.Reader, p.Verifier.Name())
		if err != nil {
			return err
		}
		if known != nil && known.Verifier == p.Verifier.Key() {
			continue
		}
		if known != nil { // a name is one key, or a changed setting would pass for the witness that was there
			return fault.New(fault.Conflict, "witness.other_key", p.Verifier.Name()).At("witness")
		}
		subject := access.Subject{Kind: "log", ID: "witness"}
		err = s.c.Gate.Do(ctx, access.SystemActor("witness"), access.WitnessAdd, subject, func(tx *gate.Tx) error {
			if err := insert(ctx, tx.DB(), &witnessRow{Name: p.Verifier.Name(), Verifier: p.Verifier.Key(), Since: clock.Micros(tx.Now())}); err != nil {
				return err
			}
			_, err := tx.Record(gate.Entry{Outcome: custody.Done, Detail: custody.Detail("name", p.Verifier.Name(), "verifier", p.Verifier.Key())})
			return err
		})
		if err != nil && !db.IsUnique(err) { // another server of the bureau was as quick
			return err
		}
	}
	return nil
}

// Run asks whenever there is a new head, at most once in a while, until ctx ends.
func (s *Service) Run(ctx context.Context, ready func()) error {
	ready()
	tick := time.NewTicker(s.c.Every)
	defer tick.Stop()
	for {
		s.Ask(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Ask asks every witness that has not signed the latest head, and each once after a start. It is done before the first signature after a start, too: a
// witness that can be reached then keeps a house that was put back in time from signing another history.
func (s *Service) Ask(ctx context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	last, err := custody.Latest(ctx, s.c.DB.Reader)
	if err != nil {
		return // nothing to be signed yet
	}
	var wait sync.WaitGroup
	for _, p := range s.c.Peers {
		wait.Go(func() {
			if err := s.ask(ctx, p, last); err != nil && ctx.Err() == nil {
				s.c.Log.ErrorContext(ctx, "a witness did not sign", "witness", p.Verifier.Name(), "err", err)
			}
		})
	}
	wait.Wait()
}

// What came of asking a witness.
const (
	problemNone        = ""
	problemUnreachable = "unreachable" // or it answers nonsense
	problemRefused     = "refused"     // it does not know this log, or its key
	problemAhead       = "ahead"       // it has signed a greater head than ours
	problemForked      = "forked"      // it has signed another history
)

// ask gets a signature on last from one witness.
func (s *Service) ask(ctx context.Context, p Peer, last *custody.Checkpoint) error {
	name := p.Verifier.Name()
	signed, err := newest(ctx, s.c.DB.Reader, name, last.Size)
	if err != nil {
		return err
	}
	old := int64(0)
	if signed != nil {
		// A signature that is here says what the witness had seen then. What it has seen since, it must be asked once.
		if signed.Size == last.Size && signed.Root == last.Root && s.hasAnswered(name, false) {
			return nil
		}
		old = signed.Size
	}
	a, err := s.submit(ctx, p, old, last)
	if err == nil && a.status == http.StatusConflict && a.size != old && a.size <= last.Size {
		old = a.size // it signed and we never heard, or the other way round
		a, err = s.submit(ctx, p, old, last)
	}
	if err != nil {
		return errors.Join(err, s.note(ctx, p, last, problemUnreachable, 0))
	}
	s.hasAnswered(name, true)
	switch {
	case a.status == http.StatusOK:
		return s.keep(ctx, p, last, a.body)
	case a.status == http.StatusConflict && a.size > last.Size:
		err = fault.New(fault.Conflict, "log.witness_ahead", name, a.size, last.Size)
		return errors.Join(err, s.note(ctx, p, last, problemAhead, a.size))
	case a.status == http.StatusConflict, a.status == http.StatusUnprocessableEntity:
		err = fault.New(fault.Conflict, "log.witness_forked", name, old)
		return errors.Join(err, s.note(ctx, p, last, problemForked, old))
	}
	err = fmt.Errorf("countersign: %s answers %d: %s", name, a.status, bytes.TrimSpace(a.body[:min(len(a.body), 200)]))
	return errors.Join(err, s.note(ctx, p, last, problemRefused, 0))
}

// hasAnswered reports whether a witness has answered since the start, and notes that it did.
func (s *Service) hasAnswered(name string, now bool) bool {
	s.heardMu.Lock()
	defer s.heardMu.Unlock()
	if now {
		s.heard[name] = true
	}
	return s.heard[name]
}

type answer struct {
	status int
	body   []byte
	size   int64 // of a conflict
}

// submit sends one add-checkpoint.
func (s *Service) submit(ctx context.Context, p Peer, old int64, last *custody.Checkpoint) (*answer, error) {
	proof, err := custody.ProveConsistency(ctx, s.c.DB.Reader, old, last.Size)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.URL+"/add-checkpoint", bytes.NewReader(witness.Request(old, proof, last.Note)))
	if err != nil {
		return nil, err
	}
	resp, err := s.c.Client.Do(req)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return nil, err
	}
	a := &answer{status: resp.StatusCode, body: body}
	if a.status == http.StatusConflict {
		a.size, err = strconv.ParseInt(strings.TrimSpace(string(body)), 10, 64)
		if err != nil || a.size < 0 {
			return nil, fmt.Errorf("countersign: %s answers a conflict of no size", p.Verifier.Name())
		}
	}
	return a, nil
}

// farOff is how far a witness's clock may be from ours.
const farOff = 24 * time.Hour

// keep keeps a signature, if it is one.
func (s *Service) keep(ctx context.Context, p Peer, last *custody.Checkpoint, body []byte) error {
	line, at, ok := p.Verifier.Find(append([]byte(last.Note), body...))
	if !ok || s.c.Clock.Now().Sub(at).Abs() > farOff {
		return errors.Join(fmt.Errorf("countersign: %s answers no signature of this head", p.Verifier.Name()), s.note(ctx, p, last, problemUnreachable, 0))
	}
	return keepSignature(ctx, s.c.DB, &signatureRow{Name: p.Verifier.Name(), Size: last.Size, Root: last.Root, Line: line, At: clock.Micros(at)}, clock.Micros(s.c.Clock.Now()))
}

// note keeps what came of asking. What a witness has seen beyond us stays until it signs again: that it cannot be reached
// later takes nothing away. A claim that was known when a new epoch was declared counts as answered by it.
func (s *Service) note(ctx context.Context, p Peer, last *custody.Checkpoint, problem string, seen int64) error {
	row, err := find(ctx, s.c.DB.Reader, p.Verifier.Name())
	if err != nil || row == nil {
		return err
	}
	claim := problem == problemAhead || problem == problemForked
	switch {
	case claim && row.claims() && row.AheadIn < last.Epoch && row.Ahead == seen:
		row.Problem = problem
	case claim:
		row.Problem, row.Ahead, row.AheadIn = problem, seen, last.Epoch
	case !row.claims():
		row.Problem = problem
	}
	row.AskedAt = clock.Micros(s.c.Clock.Now())
	return update(ctx, s.c.DB, row)
}

// Outside refuses, with fault Conflict "log.witness_ahead" or "log.witness_forked", to let a head of this epoch and size be
// signed that a witness's signature contradicts. It is the sequencer's look outside.
func Outside(ctx context.Context, idb idb, epoch, size int64) error {
	rows, err := all(ctx, idb)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if !r.claims() || r.AheadIn < epoch {
			continue
		}
		if r.Problem == problemForked {
			return fault.New(fault.Conflict, "log.witness_forked", r.Name, r.Ahead)
		}
		return fault.New(fault.Conflict, "log.witness_ahead", r.Name, r.Ahead, size)
	}
	return nil
}

// State is how a witness stands.
type State struct {
	Name, Verifier string
	Since          time.Time
	Asked          time.Time // zero: never
	Problem        string    // "", "unreachable", "refused", "ahead" or "forked"
	Size           int64     // of the last head it signed; 0: none
	Signed         time.Time
}

// States tells of every witness that was ever asked.
func States(ctx context.Context, idb idb) ([]State, error) {
	rows, err := all(ctx, idb)
	if err != nil {
		return nil, err
	}
	out := make([]State, len(rows))
	for i, r := range rows {
		out[i] = State{Name: r.Name, Verifier: r.Verifier, Since: clock.FromMicros(r.Since), Problem: r.Problem}
		if r.AskedAt > 0 {
			out[i].Asked = clock.FromMicros(r.AskedAt)
		}
		sig, err := latest(ctx, idb, r.Name)
		if err != nil {
			return nil, err
		}
		if sig != nil {
			out[i].Size, out[i].Signed = sig.Size, clock.FromMicros(sig.At)
		}
	}
	return out, nil
}
