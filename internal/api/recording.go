package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/media"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/recording/storage"
)

// recordingRow is a recording in a list: facts, flags and verdict.
type recordingRow struct {
	ID         ident.RecordingID  `json:"id"`
	Name       string             `json:"name"`
	Kind       recording.Kind     `json:"kind"`
	State      recording.State    `json:"state"`
	Files      int                `json:"files"`
	Size       int64              `json:"size"`
	Department ident.DepartmentID `json:"department_id,omitempty"`
	Device     ident.DeviceID     `json:"device_id,omitempty"`
	DeviceName string             `json:"device,omitempty"`
	Officer    ident.PersonID     `json:"officer_id,omitempty"`
	Officers   string             `json:"officer,omitempty"`
	Certainty  string             `json:"officer_certainty,omitempty"`
	Start      *time.Time         `json:"start,omitempty" doc:"by the camera's clock"`
	StartFrom  string             `json:"start_source,omitempty"`
	DurationS  *float64           `json:"duration_s,omitempty"`
	StoredAt   time.Time          `json:"stored_at"`
	Verdict    storage.Verdict    `json:"storage_verdict"`
	Flags      []recording.Flag   `json:"flags"`
	CardID     ident.CardID       `json:"card_id,omitempty"`
}

func row(r recording.Recording) recordingRow {
	out := recordingRow{
		ID: r.ID, Name: r.Name, Kind: r.Kind, State: r.State, Files: r.Files, Size: r.Size, Department: r.Department,
		Device: r.Device, DeviceName: r.DeviceName, Officer: r.Officer, Officers: r.OfficerName, Certainty: string(r.Certainty),
		StartFrom: string(r.StartFrom), StoredAt: r.StoredAt, Verdict: r.Verdict, Flags: append([]recording.Flag{}, r.Flags...),
		CardID: r.Card,
	}
	if !r.Start.IsZero() {
		t := r.Start.In(clock.Shanghai)
		out.Start = &t
	}
	if r.HasDuration {
		d := r.Duration.Seconds()
		out.DurationS = &d
	}
	return out
}

type listInput struct {
	Query      string    `query:"q" doc:"words, names, numbers"`
	From       time.Time `query:"from"`
	To         time.Time `query:"to"`
	Department string    `query:"department"`
	Officer    string    `query:"officer"`
	Device     string    `query:"device"`
	Verdict    string    `query:"verdict"`
	Flag       string    `query:"flag"`
	State      string    `query:"state"`
	Kind       string    `query:"kind"`
	Card       string    `query:"card"`
	After      string    `query:"after" doc:"the last page's next"`
	Limit      int       `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type listOutput struct {
	Body struct {
		Recordings []recordingRow `json:"recordings"`
		Next       string         `json:"next,omitempty"`
		Count      int            `json:"count" doc:"at most 10000"`
		More       bool           `json:"more" doc:"there are more than count"`
	}
}

func (s *server) recordingRoutes(a huma.API) {
	huma.Register(a, op("list-recordings", http.MethodGet, "/recordings", "Recordings in scope", http.StatusOK), s.list)
	huma.Register(a, op("get-recording", http.MethodGet, "/recordings/{id}", "All facts of a recording and its verdict", http.StatusOK), s.get)
}

func (s *server) list(ctx context.Context, in *listInput) (*listOutput, error) {
	page, err := s.c.Recordings.List(ctx, callerOf(ctx).actor, recording.Filter{
		Query: in.Query, From: in.From, To: in.To, Department: ident.DepartmentID(in.Department), Officer: ident.PersonID(in.Officer),
		Device: ident.DeviceID(in.Device), Verdict: storage.Verdict(in.Verdict), Flag: recording.Flag(in.Flag),
		State: recording.State(in.State), Kind: recording.Kind(in.Kind), Card: ident.CardID(in.Card),
	}, recording.Cursor(in.After), in.Limit)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	out := &listOutput{}
	out.Body.Recordings = make([]recordingRow, len(page.Rows))
	for i, r := range page.Rows {
		out.Body.Recordings[i] = row(r)
	}
	out.Body.Next, out.Body.Count, out.Body.More = string(page.Next), page.Count, page.More
	return out, nil
}

type fileRow struct {
	ID         ident.FileID    `json:"id"`
	Name       string          `json:"name"`
	Path       string          `json:"path,omitempty"`
	Size       int64           `json:"size"`
	SHA256     string          `json:"sha256"`
	SM3        string          `json:"sm3,omitempty"`
	State      recording.State `json:"state"`
	StoredAt   time.Time       `json:"stored_at"`
	VerifiedAt *time.Time      `json:"verified_at,omitempty"`
	EntryID    ident.EntryID   `json:"entry_id"`
	Media      *media.Report   `json:"media,omitempty"`
}

type branchRow struct {
	Code    string         `json:"code"`
	Article string         `json:"article"`
	Sum     string         `json:"sum" doc:"the letters of the facts"`
	FromS   float64        `json:"from_s"`
	ToS     float64        `json:"to_s"`
	Known   bool           `json:"known"`
	Answer  storage.Answer `json:"answer"`
}

type factRow struct {
	Letter string     `json:"letter"`
	Code   string     `json:"code"`
	Source string     `json:"source"`
	From   *time.Time `json:"from,omitempty"`
	To     *time.Time `json:"to,omitempty"`
	Doubts []string   `json:"doubts,omitempty"`
}

type detailOutput struct {
	Body struct {
		recordingRow
		FileList  []fileRow `json:"file_list"`
		Judgement struct {
			Verdict  storage.Verdict `json:"verdict"`
			LimitS   float64         `json:"limit_s"`
			Facts    []factRow       `json:"facts"`
			Branches []branchRow     `json:"branches"`
			Why      string          `json:"why,omitempty"`
			Doubts   []string        `json:"doubts,omitempty"`
		} `json:"judgement"`
	}
}

func (s *server) get(ctx context.Context, in *cardPath) (*detailOutput, error) {
	id, err := ident.Parse[ident.RecordingID](in.ID)
	if err != nil {
		return nil, s.fail(ctx, fault.New(fault.NotFound, "recording.unknown"))
	}
	d, err := s.c.Recordings.Get(ctx, callerOf(ctx).actor, id)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	out := &detailOutput{}
	out.Body.recordingRow = row(d.Recording)
	for _, f := range d.FileList {
		r := fileRow{
			ID: f.ID, Name: f.Name, Path: f.Path, Size: f.Size, SHA256: f.SHA256, SM3: f.SM3, State: f.State,
			StoredAt: f.StoredAt, EntryID: f.Entry,
		}
		if !f.VerifiedAt.IsZero() {
			r.VerifiedAt = &f.VerifiedAt
		}
		if f.Facts != nil {
			m := media.JSON(*f.Facts)
			r.Media = &m
		}
		out.Body.FileList = append(out.Body.FileList, r)
	}
	j := &out.Body.Judgement
	j.Verdict, j.LimitS, j.Why, j.Doubts = d.Judgement.Verdict, d.Judgement.Limit.Seconds(), d.Judgement.Why, d.Judgement.Doubts
	for _, f := range d.Judgement.Facts {
		r := factRow{Letter: f.Letter, Code: f.Code, Source: f.Source, Doubts: f.Doubts}
		if !f.Value.IsZero() {
			r.From, r.To = &f.Value.From, &f.Value.To
		}
		j.Facts = append(j.Facts, r)
	}
	for _, b := range d.Judgement.Branches {
		j.Branches = append(j.Branches, branchRow{
			Code: b.Code, Article: b.Article, Sum: b.Minuend + " − " + b.Subtrahend,
			FromS: b.From.Seconds(), ToS: b.To.Seconds(), Known: b.Known, Answer: b.Answer,
		})
	}
	return out, nil
}
