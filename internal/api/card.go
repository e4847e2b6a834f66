package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/recording"
)

type listedFile struct {
	Path    string    `json:"path" doc:"within the card"`
	Size    int64     `json:"size" minimum:"0" doc:"bytes"`
	ModTime time.Time `json:"mtime,omitzero" required:"false" doc:"as the card tells it"`
	Left    string    `json:"left,omitempty" required:"false" doc:"why it stays on the card"`
}

type cardInput struct {
	Body struct {
		Label   string       `json:"label"`
		Station string       `json:"station,omitempty" required:"false"`
		Agent   string       `json:"agent,omitempty" required:"false"`
		Device  string       `json:"device,omitempty" required:"false" doc:"names the camera outright"`
		Free    int64        `json:"free_bytes,omitempty" required:"false"`
		Total   int64        `json:"total_bytes,omitempty" required:"false"`
		Files   []listedFile `json:"files" maxItems:"200000" nullable:"false"`
	}
}

type cardOutput struct {
	Body struct {
		CardID ident.CardID `json:"card_id"`
	}
}

type cardPath struct {
	ID string `path:"id"`
}

type endedFile struct {
	Path   string            `json:"path"`
	Size   int64             `json:"size,omitempty" required:"false"`
	Status recording.Outcome `json:"status" enum:"sealed,duplicate,failed,left"`
	Code   string            `json:"code,omitempty" required:"false"`
	SHA256 string            `json:"sha256,omitempty" required:"false"`
}

type clearedFile struct {
	Path   string `json:"path"`
	Status string `json:"status" enum:"cleared,kept"`
	Code   string `json:"code,omitempty" required:"false"`
}

type closeInput struct {
	ID   string `path:"id"`
	Body struct {
		Files []endedFile `json:"files" maxItems:"200000" nullable:"false"`
	}
}

type clearReport struct {
	ID   string `path:"id"`
	Body struct {
		OrderID string        `json:"order_id"`
		Files   []clearedFile `json:"files" nullable:"false"`
	}
}

// raw answers with bytes as they are: a receipt or an order must arrive exactly as it was signed.
type raw struct {
	Status      int
	ContentType string `header:"Content-Type"`
	Body        []byte
}

func op(id, method, path, summary string, status int) huma.Operation {
	return huma.Operation{
		OperationID: id, Method: method, Path: "/api/v1" + path, Summary: summary, DefaultStatus: status, MaxBodyBytes: maxBody,
	}
}

func (s *server) cardRoutes(a huma.API) {
	huma.Register(a, op("open-card", http.MethodPost, "/cards", "Hand in a card's own list", http.StatusCreated), s.openCard)
	huma.Register(a, op("close-card", http.MethodPost, "/cards/{id}/close", "Say how a docking ended", http.StatusNoContent), s.closeCard)
	huma.Register(a, op("get-clear-order", http.MethodGet, "/cards/{id}/clear", "The signed order to clear the card", http.StatusOK), s.clearOrder)
	huma.Register(a, op("report-clear", http.MethodPost, "/cards/{id}/clear", "Say what was cleared", http.StatusNoContent), s.reportClear)
	huma.Register(a, op("get-upload", http.MethodGet, "/uploads/{id}", "What became of an upload", http.StatusOK), s.upload)
	huma.Register(a, op("get-receipt", http.MethodGet, "/receipts/{id}", "A receipt", http.StatusOK), s.receipt)
	huma.Register(a, op("get-file-receipt", http.MethodGet, "/files/{id}/receipt", "The newest receipt of a file", http.StatusOK), s.fileReceipt)
}

func (s *server) openCard(ctx context.Context, in *cardInput) (*cardOutput, error) {
	l := recording.CardListing{
		Label: in.Body.Label, Station: in.Body.Station, Agent: in.Body.Agent, DeviceHint: in.Body.Device,
		FreeBytes: in.Body.Free, TotalBytes: in.Body.Total, Files: make([]recording.ListedFile, len(in.Body.Files)),
	}
	for i, f := range in.Body.Files {
		l.Files[i] = recording.ListedFile(f)
	}
	id, err := s.c.Recordings.OpenCard(ctx, callerOf(ctx).actor, l)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	out := &cardOutput{}
	out.Body.CardID = id
	return out, nil
}

func (s *server) closeCard(ctx context.Context, in *closeInput) (*struct{}, error) {
	id, err := ident.Parse[ident.CardID](in.ID)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	ends := make([]recording.FileOutcome, len(in.Body.Files))
	for i, f := range in.Body.Files {
		ends[i] = recording.FileOutcome(f)
	}
	return nil, s.fail(ctx, s.c.Recordings.CloseCard(ctx, callerOf(ctx).actor, id, ends))
}

func (s *server) clearOrder(ctx context.Context, in *cardPath) (*raw, error) {
	id, err := ident.Parse[ident.CardID](in.ID)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	order, err := s.c.Recordings.PendingClear(ctx, callerOf(ctx).actor, id)
	if fault.HasCode(err, "clear.none") {
		return &raw{Status: http.StatusNoContent}, nil
	}
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	return &raw{Status: http.StatusOK, ContentType: "application/json", Body: order}, nil
}

func (s *server) reportClear(ctx context.Context, in *clearReport) (*struct{}, error) {
	id, err := ident.Parse[ident.ClearID](in.Body.OrderID)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	list := make([]recording.ClearResult, len(in.Body.Files))
	for i, f := range in.Body.Files {
		list[i] = recording.ClearResult(f)
	}
	return nil, s.fail(ctx, s.c.Recordings.ReportClear(ctx, callerOf(ctx).actor, id, list))
}

type uploadOutput struct {
	Body struct {
		UploadID    ident.UploadID        `json:"upload_id"`
		Status      recording.UploadState `json:"status"`
		Code        string                `json:"code,omitempty"`
		FileID      ident.FileID          `json:"file_id,omitempty"`
		RecordingID ident.RecordingID     `json:"recording_id,omitempty"`
		ReceiptID   ident.ReceiptID       `json:"receipt_id,omitempty"`
		SHA256      string                `json:"sha256,omitempty"`
		Size        int64                 `json:"size"`
		Flags       []recording.Flag      `json:"flags"`
		Settled     bool                  `json:"settled" doc:"looked into and read back: the flags are complete, the receipt says verified"`
	}
}

// upload answers its owner only; to everybody else there is no such upload (T20).
func (s *server) upload(ctx context.Context, in *cardPath) (*uploadOutput, error) {
	unknown := fault.New(fault.NotFound, "upload.unknown")
	id, err := ident.Parse[ident.UploadID](in.ID)
	if err != nil {
		return nil, s.fail(ctx, unknown)
	}
	u, err := s.c.Recordings.Upload(ctx, id)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	if c := callerOf(ctx); u.Owner != c.actor.ID || u.OwnerKind != c.actor.Kind {
		return nil, s.fail(ctx, unknown)
	}
	out := &uploadOutput{}
	b := &out.Body
	b.UploadID, b.Status, b.Code, b.FileID, b.RecordingID, b.ReceiptID = u.ID, u.State, u.Code, u.File, u.Recording, u.Receipt
	b.SHA256, b.Size, b.Flags, b.Settled = u.SHA256, u.Size, append([]recording.Flag{}, u.Flags...), u.Settled
	return out, nil
}

func (s *server) receipt(ctx context.Context, in *cardPath) (*raw, error) {
	id, err := ident.Parse[ident.ReceiptID](in.ID)
	if err != nil {
		return nil, s.fail(ctx, fault.New(fault.NotFound, "receipt.unknown"))
	}
	b, err := s.c.Recordings.Receipt(ctx, callerOf(ctx).actor, id)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	return &raw{Status: http.StatusOK, ContentType: "application/json", Body: b}, nil
}

func (s *server) fileReceipt(ctx context.Context, in *cardPath) (*raw, error) {
	id, err := ident.Parse[ident.FileID](in.ID)
	if err != nil {
		return nil, s.fail(ctx, fault.New(fault.NotFound, "receipt.unknown"))
	}
	b, err := s.c.Recordings.FileReceipt(ctx, callerOf(ctx).actor, id)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	return &raw{Status: http.StatusOK, ContentType: "application/json", Body: b}, nil
}
