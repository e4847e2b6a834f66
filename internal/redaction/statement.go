package redaction

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/marking"
	"zhilu.dev/zhilu/internal/recording/derivative"
	"zhilu.dev/zhilu/internal/redaction/plan"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/viewing/leaving"
)

// Format is the format line of a statement (docs/formats/clip-statement-v1.md).
const Format = "zhilu-clip-statement/v1"

// Box is the user type of the MP4 box that holds the statement: the first 16 bytes of the SHA-256 of Format.
func Box() [16]byte {
	sum := sha256.Sum256([]byte(Format))
	return [16]byte(sum[:16])
}

type original struct {
	File   ident.FileID `json:"file_id"`
	SHA256 string       `json:"sha256"`
	Size   int64        `json:"size"`
	From   int64        `json:"from_ms"`
	To     int64        `json:"to_ms"`
}

type person struct {
	ID   ident.PersonID `json:"id"`
	Name string         `json:"name"`
	Unit string         `json:"unit,omitempty"`
	At   string         `json:"at"`
}

type media struct {
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
	Length int64  `json:"length_ms"`
}

// statement is what a copy says of itself, in the order of its members.
type statement struct {
	Copy      ident.CopyID      `json:"copy_id"`
	No        int64             `json:"no"`
	Bureau    string            `json:"bureau"`
	Origin    string            `json:"origin"`
	Recording ident.RecordingID `json:"recording_id"`
	Originals []original        `json:"originals"`
	Plan      plan.Plan         `json:"plan"`
	Written   *Transcript       `json:"transcript,omitempty"`
	Why       string            `json:"why"`
	By        person            `json:"made_by"`
	Approved  []person          `json:"approved_by"`
	Tool      string            `json:"tool"`
	Sandbox   string            `json:"sandbox"`
	MadeAt    string            `json:"made_at"`
	Media     media             `json:"media"`
	Entry     ident.EntryID     `json:"entry_id"`
}

const timeForm = "2006-01-02T15:04:05.000000Z"

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// state writes the statement of a copy that was just made.
func (s *Service) state(c *Copy, reels []derivative.Reel, made derivative.Made) (string, error) {
	when := func(t time.Time) string { return t.UTC().Format(timeForm) }
	st := statement{
		Copy: c.ID, No: c.No, Bureau: s.c.Bureau, Origin: s.c.Origin, Recording: c.Recording, Originals: []original{}, Plan: c.Plan, Written: c.Transcript, Why: c.Why,
		By: person{c.By, c.ByName, c.ByDept, when(c.At)}, Approved: []person{}, Tool: made.Tool, Sandbox: made.Sandbox, MadeAt: when(c.MadeAt),
		Media: media{made.SHA256, made.Size, made.Length.Milliseconds()}, Entry: c.Entry,
	}
	for _, r := range reels {
		st.Originals = append(st.Originals, original{r.File, r.SHA256, r.Size, r.From.Milliseconds(), r.To.Milliseconds()})
	}
	if c.FirstBy != "" {
		st.Approved = append(st.Approved, person{ID: c.FirstBy, Name: c.FirstName, At: when(c.FirstAt)})
	}
	st.Approved = append(st.Approved, person{ID: c.DecidedBy, Name: c.DecidedName, At: when(c.DecidedAt)})
	var raw bytes.Buffer
	e := json.NewEncoder(&raw)
	e.SetEscapeHTML(false)
	if err := e.Encode(st); err != nil {
		return "", fail(err)
	}
	return Format + "\n" + raw.String(), nil
}

// Taken is a copy as it leaves: the media, and behind it the box with the statement. Statement is the same as a file beside it.
type Taken struct {
	io.Reader
	io.Closer

	Size      int64
	Name      string
	Statement []byte
	Request   *viewing.Request
	// Transcript goes with it where one was attached; Written are its bytes.
	Transcript *Transcript
	Written    []byte
}

// Take gives a copy out on a consented request in one of the manners that let something leave, which names its recording
// (decision 3): an entry now. What is sent stops when the consent is taken back or its term runs out. Faults: Conflict "redaction.not_ready"; Unavailable "log.proof_waiting" until the making has its place in
// the log; Unavailable "derivative.gone"; those of viewing.Allowed; Conflict "redaction.other_recording" (or a span that it does not allow), "redaction.unmasked",
// "marking.frozen", "marking.withheld".
func (s *Service) Take(ctx context.Context, actor access.Actor, id ident.CopyID, request int64) (*Taken, error) {
	c, err := byID(ctx, s.c.DB.Reader, id)
	if err != nil {
		return nil, err
	}
	t, err := s.Bytes(ctx, c)
	if err != nil {
		return nil, err
	}
	subject := c.subject()
	subject.Ground = string(viewing.ByConsent)
	err = s.c.Gate.Do(ctx, actor, access.RedactionTake, subject, func(tx *gate.Tx) error {
		r, err := leaves(tx.Context(), tx.DB(), tx.Now(), actor.Person, request, c)
		if err != nil {
			return err
		}
		t.Request = r
		t.Reader = leaving.NewReader(t.Reader, leaving.Every, func() error {
			_, err := leaves(ctx, s.c.DB.Reader, s.c.Clock.Now(), actor.Person, request, c)
			return err
		})
		_, err = tx.Record(gate.Entry{
			Related: append(c.related(), custody.Subject{Kind: "viewing", ID: string(r.ID)}),
			Detail:  custody.Detail("no", c.No, "request", r.No, "media_sha256", c.SHA256, "to_body", vouchOrNil(r.To.Body)),
		})
		return err
	})
	if err != nil {
		return nil, errors.Join(err, t.Close())
	}
	return t, nil
}

// leaves gives the request on which somebody may take a copy away now: it names the recording and the whole span of the copy, and what
// is marked leaves only with something hidden.
func leaves(ctx context.Context, idb bun.IDB, now time.Time, person ident.PersonID, request int64, c *Copy) (*viewing.Request, error) {
	r, err := viewing.Allowed(ctx, idb, now, person, request, viewing.MannerCopy, viewing.MannerProvide, viewing.MannerPublish)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(r.Items, func(i viewing.Item) bool { return i.Recording == c.Recording && c.within(i) }) {
		return nil, fault.New(fault.Conflict, "redaction.other_recording")
	}
	marks, err := marking.For(ctx, idb, c.Recording)
	if err != nil {
		return nil, err
	}
	if err := marks.Refuse(); err != nil {
		return nil, err
	}
	switch {
	case marks.Withheld():
		return nil, fault.New(fault.Conflict, "marking.withheld").Under("20")
	case marks.Masked() && !c.Masked():
		return nil, fault.New(fault.Conflict, "redaction.unmasked").Under("20")
	}
	return r, nil
}

// within reports whether a copy shows no more than the item allows.
func (c *Copy) within(i viewing.Item) bool {
	return i.Whole() || c.Plan.From >= i.From.Milliseconds() && c.Plan.To > 0 && (i.To == 0 || c.Plan.To <= i.To.Milliseconds())
}

func vouchOrNil(s string) any {
	if s == "" {
		return nil
	}
	return digest(s)
}

// Bytes gives a copy's bytes to a caller that has checked, in a change of its own, that they may leave (packages, discs).
func (s *Service) Bytes(ctx context.Context, c *Copy) (*Taken, error) {
	if c.State != Ready {
		return nil, fault.New(fault.Conflict, "redaction.not_ready")
	}
	marks, err := marking.For(ctx, s.c.DB.Reader, c.Recording)
	switch {
	case err != nil:
		return nil, err
	case marks.Withheld():
		return nil, fault.New(fault.Conflict, "marking.withheld").Under("20")
	}
	file, err := s.file(ctx, c)
	if err != nil {
		return nil, err
	}
	written, err := s.written(ctx, c)
	if err != nil {
		return nil, err
	}
	obj, err := s.c.Films.Object(ctx, c.SHA256)
	if err != nil {
		return nil, err
	}
	box := Box()
	head := make([]byte, 24)
	binary.BigEndian.PutUint32(head, uint32(len(head)+len(file))) //nolint:gosec // a statement is small
	copy(head[4:], "uuid")
	copy(head[8:], box[:])
	return &Taken{
		Reader: io.MultiReader(io.NewSectionReader(obj, 0, obj.Size()), bytes.NewReader(head), bytes.NewReader(file)), Closer: obj,
		Size: obj.Size() + int64(len(head)+len(file)), Name: c.FileName(), Statement: file, Transcript: c.Transcript, Written: written,
	}, nil
}

// file is the statement with the proof of the entry that holds its digest.
func (s *Service) file(ctx context.Context, c *Copy) ([]byte, error) {
	rec, err := custody.Get(ctx, s.c.DB.Reader, c.Entry)
	if err != nil {
		return nil, err
	}
	proof, err := custody.ProveInclusion(ctx, s.c.DB.Reader, rec.Index)
	if fault.HasCode(err, "custody.not_included") || fault.HasCode(err, "custody.checkpoint_none") {
		return nil, fault.Wrap(err, fault.Unavailable, "log.proof_waiting")
	}
	if err != nil {
		return nil, err
	}
	openings, err := rec.Open("id", "at", "action", "outcome", "detail_digest", "detail.statement_sha256", "detail.media_sha256", "detail.media_size")
	if err != nil {
		return nil, err
	}
	shown, err := rec.Disclose(openings)
	if err != nil {
		return nil, err
	}
	return custody.RenderJSON(struct {
		Format    string                  `json:"format"`
		Statement string                  `json:"statement"`
		Entry     custody.Disclosure      `json:"entry"`
		Proof     *custody.InclusionProof `json:"proof"`
	}{Format, c.Statement, shown, proof})
}

// FileName is what a copy is called where it goes.
func (c *Copy) FileName() string {
	return "遮蔽件-" + c.MadeAt.UTC().Format("20060102") + "-" + string(c.ID)[:8] + ".mp4"
}
