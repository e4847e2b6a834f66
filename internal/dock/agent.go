package dock

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/trace"
	"zhilu.dev/zhilu/internal/verify"
)

// Status is what became of a file of the card.
type Status string

// The statuses a dock reports (decision 17).
const (
	Sealed    Status = "sealed"    // in the vault, with a receipt
	Duplicate Status = "duplicate" // the vault had it already; its receipt is given again
	Failed    Status = "failed"    // not stored; Code says why and Retry whether another try can help
	Left      Status = "left"      // stays on the card on purpose
)

// Result is the line `zhilu dock --json` prints for a file. Every member is always there, so that a script need not ask.
type Result struct {
	Name      string   `json:"name"`
	Size      int64    `json:"size"`
	SHA256    string   `json:"sha256"`
	Status    Status   `json:"status"`
	Code      string   `json:"code"`
	Retry     bool     `json:"retry"`
	Flags     []string `json:"flags"`
	Recording string   `json:"recording_id"`
	File      string   `json:"file_id"`
	Receipt   string   `json:"receipt"` // a file that `zhilu verify` takes

	upload string // id, to ask the server what it found
}

// Progress is told as bytes move. Done is the file's durable bytes.
type Progress struct {
	Name       string
	Done, Size int64
}

// Config configures the agent.
type Config struct {
	Card     string // the folder of the card
	Server   string
	Token    string // as `zhilu token create` printed it
	StateDir string // journal and receipts; never on the card
	Station  string // this station's name
	Device   string // the camera, where the station knows it for certain
	Trust    string // a file that replaces the trust file kept from the first docking; empty: the kept one stays
	Parallel int    // files at once; 0 means 3
	Chunk    int    // bytes; 0 means 16 MiB
	Clock    clock.Clock
	Log      *slog.Logger
	Outage   time.Duration  // how long a server that was reached before may be away; 0 means 12 hours
	Settle   int            // how often, over up to a minute, to ask whether the server has finished checking a file; 0 means 40, below 0 never
	OnFile   func(Result)   // each file's end, one call at a time
	OnMove   func(Progress) // may be called from several goroutines at once; nil for none
	// Pause waits between tries; tests replace it. It returns the context's error when that ends first.
	Pause func(ctx context.Context, d time.Duration) error
}

// Agent docks cards. Make one with New.
type Agent struct {
	c       Config
	client  *client
	journal *journal
	trust   *verify.Trust
	met     atomic.Bool // the server has answered
}

// Report is one docking.
type Report struct {
	CardID  string
	Results []Result
}

// Failed counts files that are not safe.
func (r Report) Failed() int {
	n := 0
	for _, f := range r.Results {
		if f.Status == Failed {
			n++
		}
	}
	return n
}

// New checks the settings; it does not speak to the server yet.
func New(c Config) (*Agent, error) {
	if c.Clock == nil || c.Log == nil {
		return nil, errors.New("dock: Config needs Clock and Log")
	}
	cl, err := newClient(c.Server, c.Token)
	if err != nil {
		return nil, err
	}
	if c.Parallel <= 0 {
		c.Parallel = 3
	}
	if c.Chunk <= 0 {
		c.Chunk = 16 << 20
	}
	if c.Outage == 0 {
		c.Outage = 12 * time.Hour
	}
	if c.Settle == 0 {
		c.Settle = 40
	}
	if c.OnFile == nil {
		c.OnFile = func(Result) {}
	}
	if c.OnMove == nil {
		c.OnMove = func(Progress) {}
	}
	if c.Pause == nil {
		c.Pause = sleep
	}
	sum := sha256.Sum256([]byte(cl.base.String()))
	if c.StateDir, err = filepath.Abs(c.StateDir); err != nil { // receipts are named to other programs
		return nil, fault.Wrap(err, fault.Invalid, "dock.state_dir").At("state")
	}
	dir := filepath.Join(c.StateDir, hex.EncodeToString(sum[:6]))
	j, err := openJournal(filepath.Join(dir, "journal.jsonl"))
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "dock.state_dir").At("state")
	}
	return &Agent{c: c, client: cl, journal: j}, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

type cardFile struct {
	Path    string    `json:"path"`
	Size    int64     `json:"size"`
	ModTime time.Time `json:"mtime"`
	Left    string    `json:"left,omitempty"`
}

// Dock reads the card once: hands in its list, sends every file, collects receipts and tells the server how it ended.
// The report covers every file of the list; the error is for what kept the docking from happening at all.
func (a *Agent) Dock(ctx context.Context) (Report, error) {
	entries, err := Scan(a.c.Card)
	if err != nil {
		return Report{}, fault.Wrap(err, fault.NotFound, "dock.card_unreadable").At("card")
	}
	if err := a.loadTrust(ctx); err != nil {
		return Report{}, err
	}
	card, err := a.openCard(ctx, entries)
	if err != nil {
		return Report{}, err
	}
	rep := Report{CardID: card, Results: make([]Result, len(entries))}
	through := make(chan sent, len(entries))
	told := make(chan map[int]Result, 1)
	go func() { told <- a.settle(ctx, through) }()
	var g errgroup.Group
	g.SetLimit(a.c.Parallel)
	for i, e := range entries {
		g.Go(func() error {
			rep.Results[i] = a.file(ctx, card, e)
			through <- sent{i, rep.Results[i]}
			return nil
		})
	}
	_ = g.Wait() // the functions return nil: a file's failure is in its result
	close(through)
	err = a.closeCard(ctx, rep)
	for i, res := range <-told {
		rep.Results[i] = res
	}
	return rep, err
}

func (a *Agent) openCard(ctx context.Context, entries []Entry) (string, error) {
	files := make([]cardFile, len(entries))
	for i, e := range entries {
		files[i] = cardFile{Path: e.Path, Size: e.Size, ModTime: e.ModTime, Left: e.Left}
	}
	free, total := space(a.c.Card)
	in := map[string]any{
		"label": Label(a.c.Card), "station": a.c.Station, "agent": "zhilu-dock/1", "device": a.c.Device,
		"free_bytes": free, "total_bytes": total, "files": files,
	}
	var out struct {
		CardID string `json:"card_id"`
	}
	err := a.retry(ctx, func() error {
		_, err := a.client.json(ctx, http.MethodPost, "/api/v1/cards", in, &out)
		return err
	})
	return out.CardID, err
}

func (a *Agent) closeCard(ctx context.Context, rep Report) error {
	type end struct {
		Path   string `json:"path"`
		Size   int64  `json:"size"`
		Status Status `json:"status"`
		Code   string `json:"code,omitempty"`
		SHA256 string `json:"sha256,omitempty"`
	}
	files := make([]end, len(rep.Results))
	for i, r := range rep.Results {
		files[i] = end{r.Name, r.Size, r.Status, r.Code, r.SHA256}
	}
	return a.retry(ctx, func() error {
		_, err := a.client.json(ctx, http.MethodPost, "/api/v1/cards/"+rep.CardID+"/close", map[string]any{"files": files}, nil)
		return err
	})
}

// loadTrust reads the server's trust file and keeps the first one seen: a server that later shows other keys than it
// did before is noticed by every receipt. A key that was replaced lawfully looks the same from here, so a person brings
// the new file (Config.Trust) after having compared its fingerprint with the published one.
func (a *Agent) loadTrust(ctx context.Context) error {
	path := filepath.Join(filepath.Dir(a.journal.path), "trust.json")
	if a.c.Trust != "" {
		raw, err := os.ReadFile(a.c.Trust)
		if err == nil {
			a.trust, err = verify.ParseTrust(raw)
		}
		if err == nil {
			err = os.WriteFile(path, raw, 0o600) //nolint:gosec // the agent's own state folder
		}
		if err != nil {
			return fault.Wrap(err, fault.Invalid, "dock.trust").At("trust")
		}
		return nil
	}
	raw, err := os.ReadFile(path) //nolint:gosec // the agent's own state folder
	if err != nil {
		if err := a.retry(ctx, func() error {
			_, err := a.client.json(ctx, http.MethodGet, "/log/trust.json", nil, &raw)
			return err
		}); err != nil {
			return err
		}
		if err := os.WriteFile(path, raw, 0o600); err != nil { //nolint:gosec // the agent's own state folder
			return fault.Wrap(err, fault.Invalid, "dock.state_dir").At("state")
		}
	}
	a.trust, err = verify.ParseTrust(raw)
	return err
}

// file brings one file into the vault and proves it. It never returns an error: whatever happens is in the result.
func (a *Agent) file(ctx context.Context, card string, e Entry) Result {
	res := Result{Name: e.Path, Size: e.Size, Status: Failed, Flags: []string{}}
	if e.Left != "" {
		res.Status, res.Code = Left, e.Left
		return res
	}
	ctx, span := trace.Start(ctx, "dock.file", trace.Int("size", e.Size))
	err := a.retry(ctx, func() error { return a.try(ctx, card, e, &res) })
	span.End(err)
	if err != nil {
		f := fault.As(err)
		res.Status, res.Code, res.Retry = Failed, f.Code, retryable(err)
		a.c.Log.ErrorContext(ctx, "file not stored", "file", e.Path, "err", err)
	}
	return res
}

// outcome is the server's word on an upload.
type outcome struct {
	Status    string   `json:"status"`
	Code      string   `json:"code"`
	File      string   `json:"file_id"`
	Recording string   `json:"recording_id"`
	Receipt   string   `json:"receipt_id"`
	SHA256    string   `json:"sha256"`
	Flags     []string `json:"flags"`
	Settled   bool     `json:"settled"`
}

func (a *Agent) try(ctx context.Context, card string, e Entry, res *Result) error {
	n, known := a.journal.get(e)
	if known && (n.Status == Sealed || n.Status == Duplicate) {
		if done, err := a.again(e, n, res); done || err != nil {
			return err
		}
		n, known = note{}, false
	}
	if !known {
		n = noteOf(e)
	}
	f, err := os.Open(e.local)
	if err != nil {
		return fault.Wrap(err, fault.NotFound, "dock.file_unreadable")
	}
	defer func() { _ = f.Close() }()
	sum, out, err := a.send(ctx, card, e, f, &n)
	if err != nil {
		return err
	}
	if out.SHA256 != sum { // the journal took this file for another; the next try begins anew
		return errors.Join(fault.New(fault.Conflict, "dock.digest_differs"), a.forget(n))
	}
	n.SHA256, n.File, n.Record, n.Status = sum, out.File, out.Recording, Status(out.Status)
	if n.Receipt, _, err = a.receipt(ctx, "/api/v1/receipts/"+out.Receipt, out.File, sum, e.Size); err != nil {
		return err
	}
	if err := a.journal.put(n); err != nil {
		return fault.Wrap(err, fault.Unavailable, "dock.state_dir")
	}
	*res = Result{
		Name: e.Path, Size: e.Size, SHA256: sum, Status: n.Status, Flags: append([]string{}, out.Flags...),
		Recording: n.Record, File: n.File, Receipt: n.Receipt, upload: uploadID(n.Upload),
	}
	return nil
}

// forget strikes an upload that turned out not to be this file's from the journal.
func (a *Agent) forget(n note) error {
	n.Upload = ""
	if err := a.journal.put(n); err != nil {
		return fault.Wrap(err, fault.Unavailable, "dock.state_dir")
	}
	return nil
}

// again answers for a file the journal knows to be safe, after reading it once more: the same name, size and time
// may hide other bytes.
func (a *Agent) again(e Entry, n note, res *Result) (bool, error) {
	sum, err := a.digest(e)
	if err != nil {
		return false, err
	}
	if _, err := os.Stat(n.Receipt); err != nil || sum != n.SHA256 {
		return false, nil
	}
	*res = Result{
		Name: e.Path, Size: e.Size, SHA256: sum, Status: Duplicate, Flags: []string{},
		Recording: n.Record, File: n.File, Receipt: n.Receipt, upload: uploadID(n.Upload),
	}
	a.c.OnMove(Progress{e.Path, e.Size, e.Size})
	return true, nil
}

func (a *Agent) digest(e Entry) (string, error) {
	f, err := os.Open(e.local)
	if err != nil {
		return "", fault.Wrap(err, fault.NotFound, "dock.file_unreadable")
	}
	defer func() { _ = f.Close() }()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fault.Wrap(err, fault.Unavailable, "dock.file_unreadable")
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// receipt fetches a file's receipt, checks that it is intact, signed by the keys this dock has always known, and
// about these very bytes, and keeps it. inLog says whether it proves that its entry is in the log already.
func (a *Agent) receipt(ctx context.Context, address, file, sum string, size int64) (path string, inLog bool, err error) {
	var raw []byte
	if _, err := a.client.json(ctx, http.MethodGet, address, nil, &raw); err != nil {
		return "", false, err
	}
	rep, err := verify.Bytes(raw, verify.Options{Trust: a.trust, Clock: a.c.Clock})
	if err != nil {
		return "", false, err
	}
	if code := rep.ExitCode(); code != verify.ExitOK || rep.Statement == nil || rep.Statement.SHA256 != sum || rep.Statement.Size != size {
		return "", false, fault.New(fault.Conflict, "dock.receipt_wrong")
	}
	if path, err = a.journal.keepReceipt(file, raw); err != nil {
		return "", false, fault.Wrap(err, fault.Unavailable, "dock.state_dir")
	}
	return path, rep.InLog.Answer == verify.Yes, nil
}

// retryable reports whether the same thing can succeed later: the network, a restarting or full server.
func retryable(err error) bool {
	switch fault.KindOf(err) {
	case fault.Unavailable, fault.Exhausted, fault.RateLimited:
		return true
	case fault.Conflict:
		return !fault.HasCode(err, "dock.receipt_wrong")
	case fault.Internal, fault.Invalid, fault.Unauthorized, fault.Forbidden, fault.NotFound, fault.TooLarge:
	}
	return false
}

// tries is how often a step is tried before it counts as failed: about nine minutes.
const tries = 14

// longest is the longest pause between two tries.
const longest = time.Minute

// retry runs fn again after growing pauses while trying again can help. A server that answered this docking before and is
// away now is waited for much longer: cards are left in a station over night.
func (a *Agent) retry(ctx context.Context, fn func() error) error {
	pause, waited := 500*time.Millisecond, time.Duration(0)
	for i := 1; ; i++ {
		err := fn()
		if err == nil {
			a.met.Store(true)
			return nil
		}
		away := a.met.Load() && fault.Is(err, fault.Unavailable) && waited < a.c.Outage
		if ctx.Err() != nil || !retryable(err) || i >= tries && !away {
			return err
		}
		a.c.Log.WarnContext(ctx, "trying again", "in", pause.String(), "err", err)
		if err := a.c.Pause(ctx, pause); err != nil {
			return err
		}
		waited += pause
		pause = min(2*pause, longest)
	}
}
