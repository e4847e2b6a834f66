package player

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/media/place"
	"zhilu.dev/zhilu/internal/sheet"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/viewing/grab"
	"zhilu.dev/zhilu/internal/web/site"
)

// Grabs keeps still pictures of looks; *grab.Service is one.
type Grabs interface {
	Keep(ctx context.Context, actor access.Actor, seat viewing.Seat, g grab.Grab) (*grab.Grab, error)
	Get(ctx context.Context, actor access.Actor, seat viewing.Seat, look ident.LookID, id ident.GrabID) (*viewing.Look, *grab.Grab, error)
}

// Press sets papers as PDF; *sheet.Press is one.
type Press interface {
	Set(ctx context.Context, paper sheet.Paper) (sheet.PDF, error)
}

// grabFact tells the script of a still picture that was kept.
type grabFact struct {
	ID        string `json:"id"`
	N         int    `json:"n"`
	At        int64  `json:"at"`
	SHA256    string `json:"sha256"`
	Place     string `json:"place"`
	Picture   string `json:"picture"`
	Sheet     string `json:"sheet"`
	Statement string `json:"statement"`
}

// grab cuts a still picture of the look at a moment, keeps that it was cut, and tells where it is to be had.
func (a area) grab(p *site.Page) error {
	id, err := lookID(p)
	if err != nil {
		return err
	}
	ms, err := strconv.ParseUint(p.Value("at"), 10, 40)
	if err != nil {
		return fault.New(fault.Invalid, "player.moment").At("at")
	}
	at := time.Duration(ms) * time.Millisecond
	l, err := a.Looks.Watch(p.Context(), p.Actor, seat(p), id, at, at+time.Millisecond)
	if err != nil {
		return err
	}
	pl, err := a.plan(p.Context(), l.Recording)
	if err != nil {
		return err
	}
	x, ok := pl.showing(l.From, l.To, at)
	if !ok {
		return fault.New(fault.Invalid, "player.moment").At("at")
	}
	g := grab.Grab{Look: l.ID, File: x.File, Segment: x.N, Within: at - x.From, At: at}
	if g.Mark, err = a.markOf(p, l); err != nil {
		return err
	}
	body, err := a.Copies.Grab(p.Context(), g.File, g.Segment, g.Within, g.Mark)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(body)
	g.SHA256, g.Size = hex.EncodeToString(sum[:]), int64(len(body))
	kept, err := a.Grabs.Keep(p.Context(), p.Actor, seat(p), g)
	if err != nil {
		return err
	}
	base := path(l.ID) + "/grabs/" + string(kept.ID)
	return sendJSON(p, grabFact{
		ID: string(kept.ID), N: kept.N, At: kept.At.Milliseconds(), SHA256: kept.SHA256, Place: a.placeOf(p, kept),
		Picture: base + "/picture", Sheet: base + "/sheet", Statement: base + "/statement",
	})
}

// showing gives the piece that shows a moment, of those that may be sent under a span.
func (pl plan) showing(from, to, at time.Duration) (piece, bool) {
	for _, x := range pl.inside(from, to) {
		if at >= x.From && at < x.To {
			return x, true
		}
	}
	return piece{}, false
}

// kept gives a picture in the address, its bytes cut anew. Bytes of another digest are never sent under this one's number.
func (a area) kept(p *site.Page) (*viewing.Look, *grab.Grab, []byte, error) {
	look, err := lookID(p)
	if err != nil {
		return nil, nil, nil, err
	}
	id, err := pathID[ident.GrabID](p, "grab", "viewing.grab_unknown")
	if err != nil {
		return nil, nil, nil, err
	}
	l, g, err := a.Grabs.Get(p.Context(), p.Actor, seat(p), look, id)
	if err != nil {
		return nil, nil, nil, err
	}
	body, err := a.Copies.Grab(p.Context(), g.File, g.Segment, g.Within, g.Mark)
	if err != nil {
		return nil, nil, nil, err
	}
	if sum := sha256.Sum256(body); hex.EncodeToString(sum[:]) != g.SHA256 {
		return nil, nil, nil, fault.New(fault.Conflict, "viewing.grab_changed")
	}
	// Cutting took a while: what was taken back meanwhile is not sent any more.
	if _, err := a.Looks.Watch(p.Context(), p.Actor, seat(p), l.ID, g.At, g.At+time.Millisecond); err != nil {
		return nil, nil, nil, err
	}
	return l, g, body, nil
}

// attach sends a file to be saved: never kept on the way.
func attach(p *site.Page, contentType, name string, body []byte) error {
	p.Attach(contentType, name)
	p.W.Header().Set("Cache-Control", "no-store")
	p.W.Header().Set("X-Content-Type-Options", "nosniff")
	p.W.WriteHeader(http.StatusOK)
	_, err := p.W.Write(body)
	_ = err // the reader has gone; nobody is left to tell
	return nil
}

func grabName(p *site.Page, g *grab.Grab, ext string) string {
	return p.P.T("player.grab_file", strconv.Itoa(g.N), g.SHA256[:8]) + ext
}

func (a area) grabPicture(p *site.Page) error {
	_, g, body, err := a.kept(p)
	if err != nil {
		return err
	}
	return attach(p, jpegType, grabName(p, g, ".jpg"), body)
}

// grabStatement is what goes beside a still picture for programs to read.
type grabStatement struct {
	Type      string        `json:"type"`
	Grab      string        `json:"grab"`
	Recording string        `json:"recording"`
	File      string        `json:"file"`
	Original  string        `json:"original_sha256"` // of the file it shows a moment of
	AtMS      int64         `json:"at_ms"`           // from the recording's beginning
	CameraAt  string        `json:"camera_clock,omitempty"`
	Places    []place.Claim `json:"places,omitempty"` // where the original claims its camera to have been
	SHA256    string        `json:"sha256"`
	Size      int64         `json:"size"`
	Mark      string        `json:"mark"`
	Look      int64         `json:"look_no"`
	Request   int64         `json:"request_no,omitempty"`
	MadeAt    string        `json:"made_at"`
	Entry     string        `json:"log_entry"`
}

// state gathers what is known of a still picture.
func (a area) state(p *site.Page, l *viewing.Look, g *grab.Grab) (grabStatement, error) {
	d, err := a.Recordings.Get(p.Context(), p.Actor, l.Recording)
	if err != nil {
		return grabStatement{}, err
	}
	s := grabStatement{
		Type: "zhilu-grab-statement/v1", Grab: string(g.ID), Recording: string(g.Recording), File: string(g.File), AtMS: g.At.Milliseconds(),
		SHA256: g.SHA256, Size: g.Size, Mark: g.Mark, Look: l.No, MadeAt: g.MadeAt.UTC().Format(time.RFC3339), Entry: string(g.Entry),
	}
	for _, f := range d.FileList {
		if f.ID == g.File {
			s.Original = f.SHA256
		}
	}
	if !d.Start.IsZero() {
		s.CameraAt = d.Start.Add(g.At).In(clock.Shanghai).Format(time.RFC3339)
	}
	if l.Request != "" {
		r, err := a.Looks.Get(p.Context(), p.Actor, l.Request)
		if err != nil {
			return s, err
		}
		s.Request = r.No
	}
	s.Places, _ = a.Copies.Places(p.Context(), g.File) // an original that says nothing readable of a place says none
	return s, nil
}

// placeOf is the place in words, "" where the original claims none.
func (a area) placeOf(p *site.Page, g *grab.Grab) string {
	claims, err := a.Copies.Places(p.Context(), g.File)
	if err != nil {
		return ""
	}
	return placeText(p.P, claims)
}

func placeText(pr locale.Printer, claims []place.Claim) string {
	for _, c := range claims {
		if c.Latitude != nil && c.Longitude != nil {
			return pr.T("player.grab_place", strconv.FormatFloat(*c.Latitude, 'f', 5, 64), strconv.FormatFloat(*c.Longitude, 'f', 5, 64))
		}
	}
	return ""
}

func (a area) grabJSON(p *site.Page) error {
	l, g, _, err := a.kept(p)
	if err != nil {
		return err
	}
	s, err := a.state(p, l, g)
	if err != nil {
		return err
	}
	body, err := indented(s)
	if err != nil {
		return err
	}
	return attach(p, "application/json; charset=utf-8", grabName(p, g, ".json"), body)
}

// grabSheet is the picture on one page, with what it is.
func (a area) grabSheet(p *site.Page) error {
	l, g, body, err := a.kept(p)
	if err != nil {
		return err
	}
	s, err := a.state(p, l, g)
	if err != nil {
		return err
	}
	pdf, err := a.Press.Set(p.Context(), grabPaper(p, a.Bureau, l, s, body))
	if err != nil {
		return err
	}
	return attach(p, "application/pdf", grabName(p, &grab.Grab{N: g.N, SHA256: g.SHA256}, ".pdf"), pdf.Bytes)
}

func grabPaper(p *site.Page, bureau string, l *viewing.Look, s grabStatement, body []byte) sheet.Paper {
	pr := p.P
	lang := "zh"
	if pr.Lang() == locale.English {
		lang = "en"
	}
	unknown := pr.T("player.grab_unknown")
	or := func(t string) string {
		if t == "" {
			return unknown
		}
		return t
	}
	camera := ""
	if at, err := time.Parse(time.RFC3339, s.CameraAt); err == nil {
		camera = at.In(clock.Shanghai).Format("2006-01-02 15:04:05")
	}
	ground := pr.T("player.ground_own")
	if s.Request > 0 {
		ground = pr.T("player.mark_request", strconv.FormatInt(s.Request, 10))
	}
	at := time.Duration(s.AtMS) * time.Millisecond
	fact := func(key, text string) sheet.Fact {
		return sheet.Fact{Label: pr.T("player.grab_fact." + key), Text: text}
	}
	digest := func(key, text string) sheet.Fact {
		return sheet.Fact{Label: pr.T("player.grab_fact." + key), Text: text, Digest: true}
	}
	made, _ := time.Parse(time.RFC3339, s.MadeAt) // written above
	return sheet.Paper{
		Lang: lang, Bureau: bureau, Title: pr.T("player.grab_title"), Number: s.Grab, NumberLine: pr.T("player.grab_number", s.Grab),
		Foot: pr.T("player.grab_number", s.Grab), MissingLine: pr.T("certificate.pdf.missing"), At: p.Now, Images: [][]byte{body},
		Sections: []sheet.Section{{Blocks: []sheet.Block{
			sheet.Picture(1, pr.T("player.grab_alt", elapsed(at))),
			sheet.Facts(
				fact("at", pr.T("player.grab_at", elapsed(at), strconv.FormatInt(s.AtMS%1000, 10))), fact("camera", or(camera)), fact("place", or(placeText(pr, s.Places))),
				fact("who", l.ViewerName+" "+l.ViewerDept), fact("ground", ground), fact("look", strconv.FormatInt(s.Look, 10)),
				fact("made", made.In(clock.Shanghai).Format("2006-01-02 15:04:05")), digest("sha256", s.SHA256), digest("original", s.Original),
				sheet.Fact{Label: pr.T("player.grab_fact.entry"), Text: s.Entry, Mono: true},
			),
			sheet.Note(pr.T("player.grab_says")),
		}}},
	}
}
