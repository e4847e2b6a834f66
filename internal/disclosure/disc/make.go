package disc

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/verify"
	disccheck "zhilu.dev/zhilu/internal/verify/disc"
)

const (
	// readBackWithin is how soon a disc is to be burned and read back; the regulation sets no term.
	readBackWithin = 7 * 24 * time.Hour
	// maxFiles is what a reader of discs takes.
	maxFiles = 20_000
	// overhead is room for what is not a recording: papers, proofs, trees.
	overhead = 64 << 20
	// undone is how long telling that a disc was not made may take after the request for it is gone.
	undone = 30 * time.Second
)

// Make makes a disc on the ground of a consented request (第二十三、二十四条): an entry with its number before anything is written, an
// entry with the manifest's digest before it is an image, an entry with the image's. When it returns nil, the disc is whole and durable
// under Out and was read back once. After any error nothing has that name and nothing is left beside it; the number stays used, and
// the register says why. Faults: those of ReadNote; Conflict "disc.exists", "disc.busy", "disc.empty", "disc.other_case"; Exhausted
// "disc.space" (bytes needed, bytes free) before anything is written, "disc.full" while it is; Unavailable "disc.tool", "disc.waiting".
func (s *Service) Make(ctx context.Context, actor access.Actor, o Order) (Result, error) {
	m, err := s.prepare(ctx, actor, o)
	if err != nil {
		return Result{}, err
	}
	if m.st, err = begin(o.Out); err != nil {
		return Result{}, err
	}
	if err := m.enter(ctx); err != nil {
		return Result{}, errors.Join(err, m.st.end())
	}
	return m.carryOut(ctx)
}

// prepare decides whether a disc may be made and whether there is room for it.
func (s *Service) prepare(ctx context.Context, actor access.Actor, o Order) (*making, error) {
	if err := o.Note.Check(); err != nil {
		return nil, err
	}
	consent, err := s.c.Consent(ctx, s.c.DB.Reader, actor.Person, o.Request)
	subject := access.Subject{Kind: "disc", Department: consent.Department, Officer: actor.Person}
	switch {
	case err == nil:
		subject.Ground = "consent"
	case !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Conflict):
		return nil, err
	}
	if checked := s.c.Gate.Check(ctx, actor, access.DiscMake, subject); checked != nil {
		if fault.Is(err, fault.Conflict) { // one's own request, and why it does not do
			return nil, err
		}
		return nil, checked
	}
	if err := s.c.Sheets.Ready(); err != nil {
		return nil, err
	}
	m := &making{s: s, actor: actor, o: o, consent: consent, subject: subject}
	return m, m.plan(ctx)
}

// carryOut makes the disc that has its number already, or says that it was not made.
func (m *making) carryOut(ctx context.Context) (res Result, err error) {
	defer func() { err = errors.Join(err, m.st.end()) }()
	if res, err = m.run(ctx); err != nil {
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), undone)
		defer cancel()
		err = errors.Join(err, m.failed(late, err))
	}
	return res, err
}

// making is a disc under way.
type making struct {
	s       *Service
	actor   access.Actor
	o       Order
	consent Consent
	subject access.Subject
	d       Disc
	pieces  []Piece
	need    int64
	st      *stage
	listed  []recorded
	head    []byte // the manifest
	mark    checkpoint
}

// plan gathers what goes on the disc and whether there is room for it.
func (m *making) plan(ctx context.Context) error {
	c := m.s.c
	if m.o.Form == "" {
		m.o.Form = Image
	}
	if m.o.Case == "" {
		m.o.Case = m.consent.Case
	}
	allowed := m.consent.Recordings
	if m.o.Case != "" {
		linked, err := c.Linked(ctx, c.DB.Reader, m.o.Case)
		if err != nil {
			return err
		}
		if len(allowed) == 0 {
			allowed = linked
		}
		for _, r := range append(slices.Clone(m.o.Recordings), m.consent.Recordings...) {
			if !slices.Contains(linked, r) && (len(m.o.Recordings) == 0 || slices.Contains(m.o.Recordings, r)) {
				return fault.New(fault.Conflict, "disc.other_case")
			}
		}
	}
	if c.Sequence != nil { // receipts come with their proofs
		if err := c.Sequence(ctx); err != nil {
			return err
		}
	}
	want := m.o.Recordings
	if len(want) == 0 {
		want = allowed
	}
	if len(want) == 0 {
		return fault.New(fault.Conflict, "disc.empty")
	}
	for _, rec := range want {
		if !slices.Contains(allowed, rec) {
			return fault.New(fault.NotFound, "recording.unknown")
		}
		if err := c.Refuse(ctx, c.DB.Reader, rec); err != nil {
			return err
		}
		pieces, err := c.Pieces(ctx, m.actor, m.consent, rec)
		if err != nil {
			return err
		}
		m.pieces = append(m.pieces, pieces...)
	}
	if len(m.pieces) == 0 {
		return fault.New(fault.Conflict, "disc.empty")
	}
	m.d.Recordings = len(want)
	for _, p := range m.pieces {
		m.need += p.Size
		if p.View != nil {
			m.need += p.ViewSize
		}
	}
	programs, err := m.programs()
	if err != nil {
		return err
	}
	for _, p := range programs {
		m.need += p.size
	}
	return m.room()
}

// room refuses, before anything is written, a disc for which there is no room: its files and its image lie side by side for a while.
func (m *making) room() error {
	need := m.need + overhead
	if m.o.Form == Image {
		need *= 2
	}
	free, err := m.s.c.Free(filepath.Dir(m.o.Out))
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "disc.out", filepath.Base(m.o.Out)).At("out")
	}
	if free < need {
		return fault.New(fault.Exhausted, "disc.space", megabytes(need), megabytes(max(free, 0))).At("out")
	}
	return nil
}

func megabytes(n int64) string { return strconv.FormatInt((n+1<<20-1)>>20, 10) + " MB" }

// enter gives the disc its number.
func (m *making) enter(ctx context.Context) error {
	c := m.s.c
	if m.o.Case != "" {
		of, err := c.CaseOf(ctx, m.o.Case)
		if err != nil {
			return err
		}
		m.d.Case, m.d.CaseNo, m.d.CaseTitle = of.ID, of.No, of.Title
	}
	m.d.ID = ident.New[ident.DiscID]()
	m.subject.ID = string(m.d.ID)
	m.d.State, m.d.Form, m.d.Request, m.d.RequestNo, m.d.Department = Making, m.o.Form, m.consent.ID, m.consent.No, m.consent.Department
	m.d.By, m.d.ByName, m.d.Account, m.d.Note, m.d.Picked = m.actor.Person, m.actor.Name, m.actor.ID, m.o.Note, m.o.Recordings
	return c.Gate.Do(ctx, m.actor, access.DiscMake, m.subject, func(tx *gate.Tx) error {
		m.d.BegunAt = tx.Now()
		m.d.Note.Extractor, m.d.Note.ExtractedAt = m.actor.Name, tx.Now().In(local).Format("2006-01-02 15:04:05 -07:00")
		m.d.Year = tx.Now().In(local).Year()
		var err error
		if m.d.Seq, err = nextSeq(tx.Context(), tx.DB(), m.d.Year); err != nil {
			return err
		}
		m.d.Number = fmt.Sprintf("〔%d〕光盘%d号", m.d.Year, m.d.Seq)
		if err := insertDisc(tx.Context(), tx.DB(), &m.d); err != nil {
			return err
		}
		if _, err = m.record(tx, custody.Intent, "files", len(m.pieces)); err != nil || m.o.Via != viaPage {
			return err
		}
		return tx.Enqueue(MakeArgs{Disc: m.d.ID})
	})
}

// local is the official time of the whole country.
var local = time.FixedZone("+08:00", 8*60*60)

// record writes the disc's entry, with its row as it stands.
func (m *making) record(tx *gate.Tx, out custody.Outcome, more ...any) (ident.EntryID, error) {
	said, err := sayDisc(tx.Context(), tx.DB(), m.d.ID)
	if err != nil {
		return "", err
	}
	related := []custody.Subject{{Kind: "viewing", ID: string(m.consent.ID)}}
	if m.d.Case != "" {
		related = append(related, custody.Subject{Kind: "case", ID: string(m.d.Case)})
	}
	seen := map[ident.RecordingID]bool{}
	for _, p := range m.pieces {
		if !seen[p.Recording] {
			seen[p.Recording] = true
			related = append(related, custody.Subject{Kind: "recording", ID: string(p.Recording)})
		}
	}
	detail := append(append(said, "disc", string(m.d.ID), "number", m.d.Number, "request", string(m.consent.ID), "via", orNil(m.o.Via)), more...)
	return tx.Record(gate.Entry{Outcome: out, Related: related, Detail: custody.Detail(detail...)})
}

func (m *making) run(ctx context.Context) (Result, error) {
	var done int64
	m.st.done = func(n int64) {
		done += n
		if m.o.Progress != nil {
			m.o.Progress(min(done, m.need), m.need)
		}
	}
	for _, step := range []func(context.Context) error{m.recordings, m.papers, m.proofs, m.pages} {
		if err := step(ctx); err != nil {
			return Result{}, err
		}
	}
	if err := m.manifest(ctx); err != nil {
		return Result{}, err
	}
	sum := sha256.Sum256(m.head)
	m.d.ManifestSHA256 = hex.EncodeToString(sum[:])
	m.d.Files, m.d.Bytes = len(m.st.files), m.bytes()
	m.d.LogSize, m.d.LogRoot = m.mark.size, m.mark.root
	var id ident.EntryID
	err := m.s.c.Gate.Do(ctx, m.actor, access.DiscMake, m.subject, func(tx *gate.Tx) error {
		if err := m.still(tx.Context(), tx.DB()); err != nil {
			return err
		}
		if err := updateDisc(tx.Context(), tx.DB(), &m.d); err != nil {
			return err
		}
		var err error
		id, err = m.record(tx, custody.Done, "manifest_sha256", m.d.ManifestSHA256, "files", m.d.Files, "bytes", m.d.Bytes)
		return err
	})
	if err != nil {
		return Result{}, err
	}
	if err := m.prove(ctx, id); err != nil {
		return Result{}, err
	}
	if err := m.finish(ctx); err != nil {
		return Result{}, err
	}
	return Result{m.d.ID, m.d.Number, m.o.Out, id, m.d.ManifestSHA256, m.d.ImageSHA256, m.d.Files, m.d.Bytes}, nil
}

// still refuses where the consent was taken back, or a mark was put, while files were copied.
func (m *making) still(ctx context.Context, idb bun.IDB) error {
	if _, err := m.s.c.Consent(ctx, idb, m.actor.Person, m.o.Request); err != nil {
		return err
	}
	seen := map[ident.RecordingID]bool{}
	for _, p := range m.pieces {
		if seen[p.Recording] {
			continue
		}
		seen[p.Recording] = true
		if err := m.s.c.Refuse(ctx, idb, p.Recording); err != nil {
			return err
		}
	}
	return nil
}

func (m *making) bytes() (sum int64) {
	for _, f := range m.st.files {
		sum += f.Size
	}
	return sum
}

// prove adds the proof of the disc's own entry.
func (m *making) prove(ctx context.Context, id ident.EntryID) error {
	rec, err := m.s.placed(ctx, id)
	if err != nil {
		return err
	}
	proof, err := proveOpen(ctx, m.s.c.DB.Reader, rec)
	if err != nil {
		return err
	}
	return m.st.put(ctx, "disc.json", proof)
}

// finish makes the image, or the bag, reads it back as a court would, and gives it its name.
func (m *making) finish(ctx context.Context) error {
	from := m.st.tree()
	switch m.o.Form {
	case Image:
		var err error
		if from, err = m.image(ctx); err != nil {
			return err
		}
	case Bag:
		var err error
		if from, err = m.bag(); err != nil {
			return err
		}
	case Folder:
	default:
		return fault.New(fault.Invalid, "disc.form", string(m.o.Form)).At("form")
	}
	if err := m.readBack(ctx, from); err != nil {
		return err
	}
	if err := m.st.release(from); err != nil {
		return err
	}
	err := m.s.c.Gate.Do(ctx, m.actor, access.DiscMake, m.subject, func(tx *gate.Tx) error {
		m.d.State, m.d.MadeAt = Made, tx.Now()
		if err := m.still(tx.Context(), tx.DB()); err != nil {
			return err
		}
		if err := updateDisc(tx.Context(), tx.DB(), &m.d); err != nil {
			return err
		}
		if _, err := m.record(tx, custody.Done, "manifest_sha256", m.d.ManifestSHA256, "image_sha256", orNil(m.d.ImageSHA256), "image_bytes", m.d.ImageBytes); err != nil {
			return err
		}
		_, err := duty.Open(tx, duty.New{
			Kind: duty.DiscReadback, Subject: m.d.about(), Department: m.d.Department, Due: tx.Now().Add(readBackWithin), Args: map[string]any{"no": m.d.Number},
		})
		return err
	})
	if err != nil {
		return errors.Join(err, os.RemoveAll(m.o.Out))
	}
	return nil
}

// readBack checks what was made with the eyes of an outsider before it counts. The signer is ours: only that it is intact is asked.
func (m *making) readBack(ctx context.Context, from string) error {
	r, err := disccheck.Target(ctx, from, verify.Options{Clock: m.s.c.Clock})
	if err != nil {
		return err
	}
	if r.Disc == nil || r.RecordIntact.Answer != verify.Yes || r.InLog.Answer != verify.Yes && r.InLog.Answer != verify.NotYet {
		what := r.Kind
		for _, why := range append(r.RecordIntact.Reasons, r.InLog.Reasons...) {
			what += "; " + why.Code + " " + why.What
		}
		return fault.Wrap(errors.New(what), fault.Internal, "disc.read_back")
	}
	return nil
}

// failed says that the disc was not made, and why, in a word.
func (m *making) failed(ctx context.Context, cause error) error {
	return m.s.c.Gate.Do(ctx, m.actor, access.DiscFail, m.subject, func(tx *gate.Tx) error {
		m.d.State, m.d.Reason, m.d.MadeAt = Failed, "disc.interrupted", time.Time{}
		if f, ok := errors.AsType[*fault.Error](cause); ok {
			m.d.Reason = f.Code
		}
		if err := updateDisc(tx.Context(), tx.DB(), &m.d); err != nil {
			return err
		}
		_, err := m.record(tx, custody.Failed, "reason", m.d.Reason)
		return err
	})
}

func (d *Disc) about() custody.Subject { return custody.Subject{Kind: "disc", ID: string(d.ID)} }

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}
