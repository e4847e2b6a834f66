package disclosure

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"
	"unicode"
	"unicode/utf8"

	"filippo.io/age"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
)

// MinPassphrase is how many characters a passphrase has at least.
const MinPassphrase = 12

// Passphrase checks that nobody guesses a passphrase soon: twelve characters or more, eight of them different, not one after the other.
// Invalid "disclosure.passphrase".
func Passphrase(s string) error {
	different, kinds, row := map[rune]bool{}, map[string]bool{}, 0
	last := rune(0)
	for _, r := range s {
		different[r] = true
		switch {
		case unicode.IsDigit(r):
			kinds["digit"] = true
		case unicode.IsUpper(r):
			kinds["upper"] = true
		case unicode.IsLower(r):
			kinds["lower"] = true
		default:
			kinds["other"] = true
		}
		if r == last+1 || r == last-1 || r == last {
			row++
		}
		last = r
	}
	n := utf8.RuneCountInString(s)
	if n < MinPassphrase || n > 200 || !utf8.ValidString(s) || len(different) < 8 || len(kinds) < 2 || row > n/2 {
		return fault.New(fault.Invalid, "disclosure.passphrase", MinPassphrase).At("passphrase")
	}
	return nil
}

// Handing is a package on its way out. It is sent once.
type Handing struct {
	Name string
	Size int64 // of what is sent

	s       *Service
	by      access.Actor
	d       *Disclosure
	m       manifest
	raw     []byte // the manifest
	proof   []byte
	to      age.Recipient
	checked time.Time
	copies  map[string]string // id of a masked copy, by name in the package
}

// Ticket says that somebody, in one session, has the page of a package before them: a copied address, another session and an old tab
// have another one.
func (d *Disclosure) Ticket(session string) string {
	return digest(fmt.Appendf(nil, "zhilu-giving/v1\x00%s\x00%s\x00%d", session, d.ID, d.Attempt))
}

// Hand begins to hand a package over to the one who asked for it, in the session whose ticket they bring. A passphrase is used once and
// kept nowhere. The entry that it begins is committed before the first byte; a later attempt ends an earlier one. Faults: Conflict
// "disclosure.not_ready", "disclosure.given" (once is once; ask for another number), and whatever Make may say, since everything
// is judged anew; Invalid "disclosure.passphrase"; Unavailable "log.proof_waiting" while the log has not placed its entry.
func (s *Service) Hand(ctx context.Context, by access.Actor, id ident.DisclosureID, session, ticket, passphrase string) (*Handing, error) {
	d, err := byID(ctx, s.c.DB.Reader, id)
	if err != nil {
		return nil, err
	}
	ground := "consent"
	why := s.still(ctx, d)
	switch {
	case d.By != by.Person || session == "" || ticket != d.Ticket(session):
		ground = "foreign"
	case fault.HasCode(why, "viewing.not_granted") || fault.HasCode(why, "viewing.unknown") || fault.HasCode(why, "viewing.other_manner"):
		ground = ""
	case why != nil:
		return nil, why
	}
	if err := s.c.Gate.Check(ctx, by, access.DisclosureSend, d.subject(ground)); err != nil {
		return nil, err
	}
	h := &Handing{Name: d.FileName(), s: s, by: by, d: d, copies: map[string]string{}}
	if err := h.prepare(ctx, passphrase); err != nil {
		return nil, err
	}
	err = s.c.Gate.Do(ctx, by, access.DisclosureSend, d.subject(ground), func(tx *gate.Tx) error {
		now, err := locked(tx.Context(), tx.DB(), id)
		if err != nil {
			return err
		}
		if err := ready(now); err != nil {
			return err
		}
		if _, err := s.holds(tx.Context(), tx.DB(), tx.Now(), now); err != nil {
			return err
		}
		now.Attempt++
		h.d = now
		if err := update(tx.Context(), tx.DB(), now); err != nil {
			return err
		}
		return record(tx, now, custody.Intent, "attempt", now.Attempt, "manifest_sha256", now.Manifest, "key", keyKind(now))
	})
	if err != nil {
		return nil, err
	}
	return h, nil
}

func ready(d *Disclosure) error {
	switch d.State {
	case Ready:
		return nil
	case Given:
		return fault.New(fault.Conflict, "disclosure.given", d.Number())
	case Making, Stopped, Failed:
	}
	return fault.New(fault.Conflict, "disclosure.not_ready", d.Number())
}

func keyKind(d *Disclosure) string {
	if d.Recipient == "" {
		return "passphrase"
	}
	return "recipient"
}

// prepare reads the small files and knows how long the whole will be.
func (h *Handing) prepare(ctx context.Context, passphrase string) (err error) {
	if err := ready(h.d); err != nil {
		return err
	}
	if h.d.Recipient != "" {
		h.to, err = RecipientOf(h.d.Recipient)
	} else if err = Passphrase(passphrase); err == nil {
		h.to, err = age.NewScryptRecipient(passphrase)
	}
	if err != nil {
		return err
	}
	idb := h.s.c.DB.Reader
	if h.raw, err = partOf(ctx, idb, h.d.ID, "manifest.json"); err != nil {
		return err
	}
	if digest(h.raw) != h.d.Manifest {
		return fault.New(fault.Conflict, "disclosure.changed", "manifest.json")
	}
	if err := json.Unmarshal(h.raw, &h.m); err != nil {
		return fail(err)
	}
	for n, i := range h.d.Items {
		if i.Original() || n >= len(h.m.Items) {
			continue
		}
		for _, f := range h.m.Items[n].Files {
			h.copies[f.Name] = i.Copy
		}
	}
	rec, err := custody.Get(ctx, idb, h.d.Entry)
	if err != nil {
		return err
	}
	if rec.Index < 0 {
		return fault.New(fault.Unavailable, "log.proof_waiting")
	}
	h.proof, err = custody.ProveEntry(ctx, idb, rec)
	return err
}

// members are all files of the zip in their order: what explains the rest stands first.
func (h *Handing) members() []listed {
	return append([]listed{
		{"manifest.json", int64(len(h.raw)), digest(h.raw)}, {"export.json", int64(len(h.proof)), digest(h.proof)},
	}, h.m.Files...)
}

// Send streams the package. begin is told how long it is before the first byte. Whatever goes wrong, what was sent cannot be opened:
// its last chunk is never sent, and the row stays ready. After nil the package counts as given out, and its receipt is owed.
func (h *Handing) Send(ctx context.Context, w io.Writer, begin func(size int64)) error {
	out := &meter{w: w, sum: sha256.New(), hold: true}
	enc, err := age.Encrypt(out, h.to) // writes the header and the nonce
	if err != nil {
		return fail(err)
	}
	h.Size = ageSize(out.n-ageNonce, zipSize(h.members()))
	begin(h.Size)
	if err := out.release(); err != nil {
		return h.broke(ctx, err)
	}
	z := zip.NewWriter(enc)
	for _, f := range h.members() {
		if err := h.member(ctx, z, f, out); err != nil {
			return h.broke(ctx, err)
		}
	}
	if err := z.Close(); err != nil {
		return h.broke(ctx, err)
	}
	if err := h.holds(ctx); err != nil { // before the chunk without which nothing opens
		return h.broke(ctx, err)
	}
	if err := enc.Close(); err != nil {
		return h.broke(ctx, err)
	}
	if out.n != h.Size {
		return h.broke(ctx, fault.New(fault.Internal, "disclosure.size", h.Size, out.n))
	}
	h.s.note(h.d.ID, 1, 1)
	return h.given(context.WithoutCancel(ctx), hex.EncodeToString(out.sum.Sum(nil)), out.n)
}

// member writes one file, and checks while it does that it is what the manifest says.
func (h *Handing) member(ctx context.Context, z *zip.Writer, f listed, out *meter) error {
	to, err := z.CreateHeader(&zip.FileHeader{Name: f.Name, Method: zip.Store})
	if err != nil {
		return fail(err)
	}
	from, err := h.open(ctx, f)
	if err != nil {
		return err
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(to, sum), &watched{r: io.LimitReader(from, f.Size+1), tick: func() error {
		h.s.note(h.d.ID, out.n, h.Size)
		return h.watch(ctx)
	}})
	if err := errors.Join(err, from.Close()); err != nil {
		return err
	}
	if n != f.Size || hex.EncodeToString(sum.Sum(nil)) != f.SHA256 {
		return fault.New(fault.Conflict, "disclosure.changed", f.Name)
	}
	return nil
}

// open opens a file of the package where it lies.
func (h *Handing) open(ctx context.Context, f listed) (io.ReadCloser, error) {
	if id, ok := h.copies[f.Name]; ok {
		return h.openCopy(ctx, f, id)
	}
	for _, i := range h.m.Items {
		for _, x := range i.Files {
			if x.Name == f.Name {
				return h.s.c.Open(ctx, x.SHA256)
			}
		}
	}
	switch f.Name {
	case "manifest.json":
		return bytesOf(h.raw), nil
	case "export.json":
		return bytesOf(h.proof), nil
	}
	raw, err := partOf(ctx, h.s.c.DB.Reader, h.d.ID, f.Name)
	return bytesOf(raw), err
}

// openCopy opens a masked copy as it was when it was packed: its picture never changes, what stands behind it was kept.
func (h *Handing) openCopy(ctx context.Context, f listed, id string) (io.ReadCloser, error) {
	tail, err := partOf(ctx, h.s.c.DB.Reader, h.d.ID, tailOf(f.Name))
	if err != nil {
		return nil, err
	}
	t, err := h.s.c.OpenCopy(ctx, id)
	if err != nil {
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{io.MultiReader(io.LimitReader(t, t.Media), bytes.NewReader(tail)), t}, nil
}

// watch asks about once a second whether the package may still leave.
func (h *Handing) watch(ctx context.Context) error {
	now := h.s.c.Clock.Now()
	if now.Sub(h.checked) < time.Second {
		return nil
	}
	h.checked = now
	return h.holds(ctx)
}

func (h *Handing) holds(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fail(err)
	}
	d, err := byID(ctx, h.s.c.DB.Reader, h.d.ID)
	if err != nil {
		return err
	}
	if d.Attempt != h.d.Attempt {
		return fault.New(fault.Conflict, "disclosure.again")
	}
	if err := ready(d); err != nil {
		return err
	}
	return h.s.still(ctx, d)
}

// given writes that the package left whole, and that its receipt is owed (回执).
func (h *Handing) given(ctx context.Context, sum string, size int64) error {
	return h.s.c.Gate.Do(ctx, h.by, access.DisclosureSend, h.d.subject("consent"), func(tx *gate.Tx) error {
		d, err := locked(tx.Context(), tx.DB(), h.d.ID)
		if err != nil {
			return err
		}
		if err := ready(d); err != nil {
			return err
		}
		d.State, d.GivenAt, d.SHA256, d.GivenSize = Given, tx.Now(), sum, size
		if d.To.Body != "" {
			d.Due = tx.Now().Add(receiptWithin)
		}
		if err := update(tx.Context(), tx.DB(), d); err != nil {
			return err
		}
		if err := drop(tx.Context(), tx.DB(), d.ID); err != nil {
			return err
		}
		if err := record(tx, d, custody.Done, "attempt", d.Attempt, "sha256", sum, "size", size); err != nil || d.To.Body == "" {
			return err
		}
		_, err = duty.Open(tx, duty.New{
			Kind: duty.DisclosureReceipt, Subject: d.about(), Person: d.By, Department: d.Department, Due: d.Due, Args: map[string]any{"no": d.Number(), "to": d.To.Body},
		})
		return err
	})
}

// broke writes that a package did not leave whole, and why.
func (h *Handing) broke(ctx context.Context, why error) error {
	ctx = context.WithoutCancel(ctx)
	h.s.note(h.d.ID, 1, 1)
	code := codeOf(why)
	err := h.s.c.Gate.Do(ctx, h.by, access.DisclosureSend, h.d.subject("consent"), func(tx *gate.Tx) error {
		return record(tx, h.d, custody.Failed, "attempt", h.d.Attempt, "code", code)
	})
	return errors.Join(why, err)
}

// meter counts and digests what goes out. While it holds, it keeps what comes: the header, whose length tells that of the rest.
type meter struct {
	w    io.Writer
	sum  hash.Hash
	n    int64
	hold bool
	kept []byte
}

func (m *meter) Write(b []byte) (int, error) {
	m.n += int64(len(b))
	_, _ = m.sum.Write(b) // never fails
	if m.hold {
		m.kept = append(m.kept, b...)
		return len(b), nil
	}
	return m.w.Write(b) //nolint:wrapcheck // the caller's own
}

func (m *meter) release() error {
	m.hold = false
	_, err := m.w.Write(m.kept)
	m.kept = nil
	return err //nolint:wrapcheck // the caller's own
}

// watched asks something at every piece that is read.
type watched struct {
	r    io.Reader
	tick func() error
}

func (w *watched) Read(b []byte) (int, error) {
	if err := w.tick(); err != nil {
		return 0, err
	}
	return w.r.Read(b) //nolint:wrapcheck // the caller's own
}

func bytesOf(b []byte) io.ReadCloser { return io.NopCloser(bytes.NewReader(b)) }
