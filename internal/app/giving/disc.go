package giving

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/casefile/rows"
	"zhilu.dev/zhilu/internal/custody/receipt"
	"zhilu.dev/zhilu/internal/disclosure/disc"
	"zhilu.dev/zhilu/internal/disclosure/disc/optical"
	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/marking"
	"zhilu.dev/zhilu/internal/media"
	"zhilu.dev/zhilu/internal/media/fence"
	"zhilu.dev/zhilu/internal/recording/chain"
	"zhilu.dev/zhilu/internal/recording/derivative"
	"zhilu.dev/zhilu/internal/recording/record"
	"zhilu.dev/zhilu/internal/redaction"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/web/discs"
	"zhilu.dev/zhilu/internal/web/site"
)

// rereadEvery is how often a disc is read again where the bureau set nothing else (DA/T 38 asks for regular tests).
const rereadEvery = 2 * 365 * 24 * time.Hour

// Discs makes what makes discs. sequence gives waiting entries their place where no server does; nil leaves it to the server.
func (d Deps) Discs(sequence func(context.Context) error) (*disc.Service, error) {
	return disc.New(disc.Config{
		DB: d.DB, Gate: d.Gate, Clock: d.Clock, Origin: d.Keys.Origin(), Bureau: d.Bureau, Sequence: sequence, Programs: d.Programs,
		Sheets:  discSheets{d.Press, d.Words.For(locale.Chinese), d.Bureau},
		Consent: d.discConsent, Pieces: d.discPieces, Refuse: refuseDisc,
		CaseOf: func(ctx context.Context, id ident.CaseID) (disc.Case, error) {
			r, err := rows.CaseBy(ctx, d.DB.Reader, id)
			if err != nil {
				return disc.Case{}, err
			}
			c, err := r.Plain()
			return disc.Case{ID: id, No: c.No, Title: c.Title}, err
		},
		Linked: rows.Filmed, Folder: filepath.Join(d.Data, "tmp", "discs"), Actor: d.Accounts.ActorOf,
		Free: func(dir string) (int64, error) {
			space, err := durable.OS().Space(dir)
			return space.Free, err
		},
		Reread: d.reread,
	})
}

// reread is how long a disc may lie before it is read again: what the settings say that the bureau adopted last.
func (d Deps) reread(ctx context.Context) time.Duration {
	v, err := d.Regulation.Current(ctx)
	if err != nil || v.Settings.DiscRereadMonths == 0 {
		return rereadEvery
	}
	return time.Duration(v.Settings.DiscRereadMonths) * 365 * 24 * time.Hour / 12
}

func (d Deps) discConsent(ctx context.Context, idb bun.IDB, person ident.PersonID, no int64) (disc.Consent, error) {
	r, err := viewing.Allowed(ctx, idb, d.Clock.Now(), person, no, viewing.MannerCopy)
	if err != nil {
		return disc.Consent{}, err
	}
	c := disc.Consent{ID: r.ID, No: r.No, Case: r.Case, Department: r.Department}
	for _, i := range r.Items {
		if !slices.Contains(c.Recordings, i.Recording) {
			c.Recordings = append(c.Recordings, i.Recording)
		}
		if !i.Whole() {
			c.Parts = append(c.Parts, i)
		}
	}
	if len(c.Recordings) == 0 { // consent to take the case's package away covers none of its footage
		return c, fault.New(fault.Conflict, "disc.no_items")
	}
	return c, nil
}

// refuseDisc refuses what may not leave on a disc: a state secret, and where an informant shows.
func refuseDisc(ctx context.Context, idb bun.IDB, rec ident.RecordingID) error {
	if err := marking.Refuse(ctx, idb, rec); err != nil {
		return err
	}
	marks, err := marking.For(ctx, idb, rec)
	if err == nil && marks.Withheld() {
		err = fault.New(fault.Conflict, "disc.withheld")
	}
	return err
}

// discPieces gives the files of a recording that go on a disc. What is marked goes only as a masked copy.
func (d Deps) discPieces(ctx context.Context, actor access.Actor, c disc.Consent, rec ident.RecordingID) ([]disc.Piece, error) {
	marks, err := marking.For(ctx, d.DB.Reader, rec)
	if err != nil {
		return nil, err
	}
	span := viewing.Item{Recording: rec}
	if i := slices.IndexFunc(c.Parts, func(x viewing.Item) bool { return x.Recording == rec }); i >= 0 {
		span = c.Parts[i]
	}
	switch {
	case marks.Masked():
		return d.discClips(ctx, actor, span, "disc.masked") // a mere clip of it hides nothing
	case !span.Whole():
		return d.discClips(ctx, actor, span, "disc.span")
	}
	files, err := record.FilesOf(ctx, d.DB.Reader, rec)
	if err != nil {
		return nil, err
	}
	out := make([]disc.Piece, 0, len(files))
	for i := range files {
		p, err := d.discPiece(ctx, rec, &files[i])
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// discClips gives the copies of a recording that were approved and made and lie within what was consented to: nothing else of it may
// leave. none is the fault where there is none.
func (d Deps) discClips(ctx context.Context, actor access.Actor, span viewing.Item, none string) ([]disc.Piece, error) {
	copies, err := d.copies()
	if err != nil {
		return nil, err
	}
	all, err := copies.ForRecording(ctx, actor, span.Recording)
	if err != nil {
		return nil, err
	}
	var out []disc.Piece
	for i := range all {
		c := &all[i]
		if c.State != redaction.Ready || none == "disc.masked" && !c.Masked() || c.Plan.From < span.From.Milliseconds() || span.To > 0 && (c.Plan.To == 0 || c.Plan.To > span.To.Milliseconds()) {
			continue
		}
		first, err := copies.Bytes(ctx, c)
		if err != nil {
			return nil, err
		}
		if err := first.Close(); err != nil {
			return nil, err
		}
		piece := disc.Piece{
			Recording: span.Recording, File: ident.FileID(c.ID), Name: first.Name, Kind: "clip", Size: first.Size, Statement: first.Statement, Written: first.Written,
			Open: func(ctx context.Context) (io.ReadCloser, error) { return copies.Bytes(ctx, c) },
		}
		if first.Transcript != nil {
			piece.WrittenName = first.Transcript.Name
		}
		out = append(out, piece)
	}
	if len(out) == 0 {
		return nil, fault.New(fault.Conflict, none)
	}
	return out, nil
}

func (d Deps) discPiece(ctx context.Context, whole ident.RecordingID, f *record.File) (disc.Piece, error) {
	digest := record.Digest(f.SHA256)
	if digest == nil {
		return disc.Piece{}, fault.New(fault.Internal, "vault.digest_malformed")
	}
	p := disc.Piece{
		Recording: whole, File: f.ID, Name: f.Name, Kind: "original", Size: f.Size, SHA256: f.SHA256,
		Open: func(ctx context.Context) (io.ReadCloser, error) {
			obj, err := d.Vault.Open(ctx, *digest)
			if err != nil {
				return nil, err
			}
			return stream{io.NewSectionReader(obj, 0, obj.Size()), obj}, nil
		},
	}
	slip, err := record.NewestReceipt(ctx, d.DB.Reader, f.ID)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return p, err
	}
	if err == nil && slip.Body != "" {
		signed, err := receipt.Parse([]byte(slip.Body))
		if err != nil {
			return p, err
		}
		if err := signed.Refresh(ctx, d.DB.Reader); err != nil {
			return p, err
		}
		if p.Receipt, err = signed.Render(); err != nil {
			return p, err
		}
	}
	if plays(chain.Facts(f)) {
		return p, nil
	}
	made, obj, err := d.Derived.Open(ctx, f.Recording, f.ID, derivative.Copy)
	switch {
	case err == nil && made.Frame().Still:
		return p, obj.Close()
	case err == nil:
		p.ViewSize = obj.Size()
		p.View = func(ctx context.Context, w io.Writer) error { return d.remux(ctx, f, w) }
		return p, obj.Close()
	case made.State == derivative.None, made.State == derivative.Failed, fault.HasCode(err, "derivative.unknown"):
		return p, nil // a picture, or nothing that plays: the original stands alone
	case fault.HasCode(err, "derivative.not_ready"):
		return p, fault.New(fault.Conflict, "disc.copy_waiting", f.Name)
	}
	return p, err
}

// stream reads an object from front to end.
type stream struct {
	io.Reader
	io.Closer
}

// plays reports whether every browser plays an original by itself: H.264 and AAC in MP4.
func plays(f *media.Facts) bool {
	if f == nil || f.Brand == "" || !f.HasDuration {
		return false
	}
	seen := false
	for _, t := range f.Tracks {
		switch t.Codec {
		case "h264":
			seen = true
		case "aac", "mp3", "":
		default:
			return false
		}
	}
	return seen
}

// remux gives a viewing copy as MP4: the same pictures and sound, in the form that a page plays from a file.
func (d Deps) remux(ctx context.Context, f *record.File, w io.Writer) error {
	_, obj, err := d.Derived.Open(ctx, f.Recording, f.ID, derivative.Copy)
	if err != nil {
		return err
	}
	defer func() { _ = obj.Close() }() // only read
	e, err := fence.NewEncoder(ctx, fence.Config{Logger: d.Log, AllowRlimit: true})
	if err != nil {
		return err
	}
	out, err := e.Run(ctx, fence.Work{
		Demuxer: "mpegts", Input: io.NewSectionReader(obj, 0, obj.Size()), Output: w, CPU: time.Hour, Wall: 12 * time.Hour, Size: 2*obj.Size() + 16<<20,
		Args: []string{"-c", "copy", "-bsf:a", "aac_adtstoasc", "-movflags", "+frag_keyframe+empty_moov+default_base_moof", "-map_metadata", "-1", "-f", "mp4"},
	})
	if err == nil && out.End != fence.Done {
		err = fault.Wrap(fmt.Errorf("%w: %s", errors.Join(out.Err, errRemux), out.Complaint), fault.Unavailable, "disc.view", filepath.Base(f.Name))
	}
	return err
}

var errRemux = errors.New("giving: a viewing copy cannot be made into MP4")

// fetching hands an image out as what a page sends.
type fetching struct{ *disc.Service }

// Fetch opens the image of a disc.
func (f fetching) Fetch(ctx context.Context, actor access.Actor, id ident.DiscID) (*disc.Disc, io.ReadSeekCloser, error) {
	d, file, err := f.Service.Fetch(ctx, actor, id)
	if err != nil {
		return nil, nil, err
	}
	return d, file, nil
}

func (o *Office) discRoutes() []site.Route {
	if o.Disc == nil {
		return nil
	}
	return discs.Routes(discs.Deps{Discs: fetching{o.Disc}, Viewings: o.d.Viewing, Recordings: o.d.Recordings, Drives: optical.Drives, CopyName: CopyName})
}
