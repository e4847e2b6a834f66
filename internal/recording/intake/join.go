package intake

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/recording/record"
	"zhilu.dev/zhilu/internal/vault"
)

// Parts is what a final upload is, or would be, joined from.
type Parts struct {
	Size  int64 // of all together; vault.SizeUnknown while that of one is
	Ready bool  // every one is complete
}

// piece is one partial upload, ready to be read or not yet. Before it was joined its bytes lie in its stage, afterwards
// they are a range of the object it became part of.
type piece struct {
	row   *record.Upload
	stage vault.Stage // nil once it was joined
	size  int64
	ready bool
}

// errGone says that a partial upload has no bytes any more.
var errGone = errors.New("intake: a part is gone")

func (s *Service) pieceOf(ctx context.Context, row *record.Upload) (piece, error) {
	switch {
	case row.Sealed() && row.ClosedAt == 0:
		return piece{row: row, size: row.Size, ready: true}, nil
	case row.State != record.UploadOpen:
		return piece{}, errGone
	}
	stage, err := s.c.Vault.Resume(ctx, row.ID)
	if fault.Is(err, fault.NotFound) {
		return piece{}, errGone
	}
	if err != nil {
		return piece{}, err
	}
	size := stage.Size()
	return piece{row: row, stage: stage, size: size, ready: size == stage.Offset()}, nil
}

func (s *Service) pieces(ctx context.Context, rows []*record.Upload) ([]piece, Parts, error) {
	list, p := make([]piece, 0, len(rows)), Parts{Ready: true}
	for _, row := range rows {
		one, err := s.pieceOf(ctx, row)
		if err != nil {
			return nil, Parts{}, err
		}
		list = append(list, one)
		p.Ready = p.Ready && one.ready
		if one.size == vault.SizeUnknown || p.Size == vault.SizeUnknown {
			p.Size = vault.SizeUnknown
		} else {
			p.Size += one.size
		}
	}
	return list, p, nil
}

// Parts looks at the partial uploads that somebody wants to join. One that does not exist, was given up or is another's
// is NotFound "upload.part_unknown" (T20); one that was not begun as a part is Invalid "upload.part_kind".
func (s *Service) Parts(ctx context.Context, actor access.Actor, ids []ident.UploadID) (Parts, error) {
	unknown := fault.New(fault.NotFound, "upload.part_unknown")
	rows, err := record.Pieces(ctx, s.c.DB.Reader, ids)
	if err != nil {
		return Parts{}, err
	}
	if len(rows) != len(ids) {
		return Parts{}, unknown
	}
	for _, row := range rows {
		err := s.c.Gate.Check(ctx, actor, access.UploadAppend, row.Subject())
		if fault.Is(err, fault.Forbidden) {
			return Parts{}, unknown
		}
		if err != nil {
			return Parts{}, err
		}
		if !row.Partial() {
			return Parts{}, fault.New(fault.Invalid, "upload.part_kind")
		}
	}
	_, p, err := s.pieces(ctx, rows)
	if errors.Is(err, errGone) {
		return Parts{}, unknown
	}
	return p, err
}

// PartsOf is Parts for a final upload that was begun, without asking who wants to know.
func (s *Service) PartsOf(ctx context.Context, final ident.UploadID) (Parts, error) {
	rows, err := record.PartsOf(ctx, s.c.DB.Reader, final)
	if err != nil {
		return Parts{}, err
	}
	_, p, err := s.pieces(ctx, rows)
	if errors.Is(err, errGone) {
		return Parts{Size: vault.SizeUnknown}, nil
	}
	return p, err
}

// SealWaiting seals the final uploads that waited for a part, if it was the last one, and ends those that wait for a part
// which is gone. A final upload that cannot be sealed now is tried again by Adopt.
func (s *Service) SealWaiting(ctx context.Context, actor access.Actor, part ident.UploadID) error {
	finals, err := record.FinalsWith(ctx, s.c.DB.Reader, part)
	if err != nil {
		return err
	}
	var all error
	for _, f := range finals {
		if _, err := s.seal(ctx, actor, f.ID, nil); err != nil && !fault.Is(err, fault.Conflict) {
			all = errors.Join(all, err)
		}
	}
	return all
}

// join copies the parts of a final upload into its stage, going on where an earlier try ended. What is in the stage is as
// durable as if it had been sent, so a process that dies in the middle loses nothing: Adopt, the sender's HEAD or the
// last part's end goes on. Conflict "upload.parts_unfinished" while one is not complete; Conflict "upload.part_gone" ends
// the upload.
func (s *Service) join(ctx context.Context, id ident.UploadID) error {
	row, err := record.One[record.Upload](ctx, s.c.DB.Reader, "upload.unknown", "id = ?", id)
	if err != nil || !row.Final() || row.State != record.UploadOpen {
		return err
	}
	for range 3 {
		err = s.joinOnce(ctx, row)
		if !fault.HasCode(err, "vault.stage_unknown") { // a part was joined elsewhere meanwhile: now it is a range of an object
			break
		}
	}
	if !errors.Is(err, errGone) {
		return err
	}
	if err := s.endUpload(ctx, *row, record.UploadFailed, CodePartGone, ""); err != nil {
		return err
	}
	if err := s.dropStage(ctx, id); err != nil {
		return err
	}
	return fault.New(fault.Conflict, "upload.part_gone")
}

func (s *Service) joinOnce(ctx context.Context, row *record.Upload) error {
	stage, err := s.c.Vault.Resume(ctx, row.ID)
	if fault.Is(err, fault.NotFound) {
		return nil // sealed before, or lost: sealing finds out
	}
	if err != nil {
		return err
	}
	if _, complete := stage.SHA256(); complete {
		return nil
	}
	rows, err := record.PartsOf(ctx, s.c.DB.Reader, row.ID)
	if err != nil {
		return err
	}
	list, p, err := s.pieces(ctx, rows)
	if err != nil {
		return err
	}
	if !p.Ready {
		return fault.New(fault.Conflict, "upload.parts_unfinished")
	}
	if stage.Size() == vault.SizeUnknown {
		if err := stage.DeclareSize(ctx, p.Size); err != nil {
			return err
		}
	}
	r := &joint{ctx: ctx, vault: s.c.Vault, pieces: list, skip: stage.Offset()}
	defer r.close()
	_, err = stage.Append(ctx, r, nil)
	return err
}

// joint reads pieces one after the other.
type joint struct {
	ctx    context.Context // a reader of one call
	vault  vault.Vault
	pieces []piece
	skip   int64 // bytes from the beginning that are there already
	open   vault.Object
	r      io.Reader
}

func (j *joint) Read(p []byte) (int, error) {
	for {
		if j.r == nil {
			if len(j.pieces) == 0 {
				return 0, io.EOF
			}
			next := j.pieces[0]
			j.pieces = j.pieces[1:]
			if j.skip >= next.size {
				j.skip -= next.size
				continue
			}
			if err := j.begin(next); err != nil {
				return 0, err
			}
		}
		n, err := j.r.Read(p)
		if err != io.EOF { // exactly the end of this piece
			return n, err
		}
		j.close()
		if n > 0 {
			return n, nil
		}
	}
}

// begin opens a piece where it is to be read from.
func (j *joint) begin(p piece) error {
	var from int64
	var err error
	if p.stage != nil {
		j.open, err = p.stage.Open(j.ctx)
	} else {
		var d vault.Digest
		if d, err = vault.ParseDigest(p.row.SHA256); err == nil {
			from = p.row.PartStart
			j.open, err = j.vault.Open(j.ctx, d)
		}
	}
	if fault.HasCode(err, "vault.object_unknown") {
		return errGone // what it became part of was destroyed
	}
	if err != nil {
		return err
	}
	j.r = io.NewSectionReader(j.open, from+j.skip, p.size-j.skip)
	j.skip = 0
	return nil
}

// close ends the piece that is being read.
func (j *joint) close() {
	if j.open != nil {
		_ = j.open.Close() // it was only read
	}
	j.open, j.r = nil, nil
}

// insertParts writes what a final upload is joined from.
func insertParts(tx *gate.Tx, final ident.UploadID, parts []ident.UploadID) error {
	rows := make([]record.Part, len(parts))
	for i, id := range parts {
		rows[i] = record.Part{Upload: final, N: i, Part: id}
	}
	for at := 0; at < len(rows); at += record.Chunk {
		batch := rows[at:min(at+record.Chunk, len(rows))]
		if err := record.Insert(tx.Context(), tx.DB(), &batch); err != nil {
			return err
		}
	}
	return nil
}

// takeParts writes down, each with an entry, what became of the parts of a final upload that is entered: they are ranges
// of its object from now on. A part that an earlier final upload took stays that one's.
func (s *Service) takeParts(tx *gate.Tx, up *record.Upload) error {
	if !up.Final() {
		return nil
	}
	rows, err := record.PartsOf(tx.Context(), tx.DB(), up.ID)
	if err != nil {
		return err
	}
	taken := map[ident.UploadID]*record.Upload{}
	start := int64(0)
	for _, part := range rows {
		if part.State == record.UploadOpen && taken[part.ID] == nil {
			one, err := s.pieceOf(tx.Context(), part)
			if errors.Is(err, errGone) {
				break // where the rest begins cannot be told any more; the file itself is whole
			}
			if err != nil {
				return err
			}
			part.Size, part.PartStart = one.size, start
			taken[part.ID] = part
		}
		start += part.Size
	}
	for _, id := range slices.Sorted(maps.Keys(taken)) { // in one order, so that two joins never wait for each other
		if err := takePart(tx, up, taken[id]); err != nil {
			return err
		}
	}
	return nil
}

func takePart(tx *gate.Tx, up, part *record.Upload) error {
	part.State, part.SHA256, part.File, part.Receipt, part.EndedAt = record.UploadSealed, up.SHA256, up.File, up.Receipt, clock.Micros(tx.Now())
	took, err := record.TakePart(tx.Context(), tx.DB(), part)
	if err != nil || !took {
		return err
	}
	_, err = tx.Record(gate.Entry{
		Action: "upload.join", Subject: custody.Subject{Kind: "upload", ID: string(part.ID)},
		Related: record.Related("upload", string(up.ID), "file", string(up.File)),
		Detail:  custody.Detail("start", part.PartStart, "size", part.Size),
	})
	return err
}

// dropParts removes the bytes of parts that are ranges of an object now.
func (s *Service) dropParts(ctx context.Context, final ident.UploadID) {
	rows, err := record.PartsOf(ctx, s.c.DB.Reader, final)
	for _, part := range rows {
		if part.Sealed() {
			err = errors.Join(err, s.dropStage(ctx, part.ID))
		}
	}
	if err != nil {
		s.c.Log.WarnContext(ctx, "the bytes of joined parts were not all removed", "upload", final, "error", err)
	}
}

// concatKind is how an entry names the kind of upload, nil for an ordinary one.
func concatKind(row *record.Upload) any {
	switch {
	case row.Partial():
		return "partial"
	case row.Final():
		return "final"
	}
	return nil
}

// countOrNil is n, or nil for none.
func countOrNil(n int) any {
	if n == 0 {
		return nil
	}
	return n
}
