package player

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/web/record"
	"zhilu.dev/zhilu/internal/web/site"
)

const (
	playlistType = "application/vnd.apple.mpegurl"
	streamType   = "video/mp2t"
)

// index lists the segments inside the span.
func (a area) index(p *site.Page) error {
	l, err := a.watch(p)
	if err != nil {
		return err
	}
	pl, err := a.plan(p.Context(), l.Recording)
	if err != nil {
		return err
	}
	return send(p, playlistType, []byte(playlist(pl.inside(l.From, l.To))))
}

// playlist writes a media playlist (RFC 8216). Where another file begins, its clock begins anew.
func playlist(pieces []piece) string {
	longest := time.Second
	for _, x := range pieces {
		longest = max(longest, x.To-x.From)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:%d\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n", int(math.Ceil(longest.Seconds())))
	for i, x := range pieces {
		if i > 0 && x.File != pieces[i-1].File {
			b.WriteString("#EXT-X-DISCONTINUITY\n")
		}
		fmt.Fprintf(&b, "#EXTINF:%.3f,\n%s/%d.ts\n", (x.To - x.From).Seconds(), x.File, x.N)
	}
	b.WriteString("#EXT-X-ENDLIST\n")
	return b.String()
}

var segmentName = regexp.MustCompile(`^(0|[1-9][0-9]{0,6})\.ts$`)

// segment sends one piece of the viewing copy with the viewer's name in its pictures. That it was sent is kept before it
// is: the register may know of more than arrived, never of less.
func (a area) segment(p *site.Page) error {
	l, err := a.watch(p)
	if err != nil {
		return err
	}
	file, err := pathID[ident.FileID](p, "file", "player.no_piece")
	if err != nil {
		return err
	}
	m := segmentName.FindStringSubmatch(p.R.PathValue("n"))
	if m == nil {
		return fault.New(fault.NotFound, "player.no_piece")
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return fault.Wrap(err, fault.NotFound, "player.no_piece")
	}
	pl, err := a.plan(p.Context(), l.Recording)
	if err != nil {
		return err
	}
	x, ok := pl.find(file, n)
	if !ok {
		return fault.New(fault.NotFound, "player.no_piece")
	}
	if _, err := a.Looks.Watch(p.Context(), p.Actor, seat(p), l.ID, x.From, x.To); err != nil {
		return err
	}
	mark, err := a.markOf(p, l)
	if err != nil {
		return err
	}
	body, err := a.Copies.Segment(p.Context(), file, n, mark)
	if err != nil {
		return err
	}
	// Making it took a while: what was taken back meanwhile is not sent any more.
	if _, err := a.Looks.Watch(p.Context(), p.Actor, seat(p), l.ID, x.From, x.To); err != nil {
		return err
	}
	if err := a.Looks.Sent(p.Context(), l.ID, x.From, x.To); err != nil {
		return err
	}
	return send(p, streamType, body)
}

// markOf is what is written into the pictures: who looks, of which department, whom from outside they accompany, on what, and when
// this was asked for.
func (a area) markOf(p *site.Page, l *viewing.Look) (string, error) {
	outside, ground := "", p.P.T("player.mark_own")
	switch l.Ground {
	case viewing.ByConsent:
		r, err := a.Looks.Get(p.Context(), p.Actor, l.Request)
		if err != nil {
			return "", err
		}
		ground = p.P.T("player.mark_request", strconv.FormatInt(r.No, 10))
		if r.To.Body != "" || r.To.Person != "" {
			outside = p.P.T("player.mark_outside", record.Harmless(strings.TrimSpace(r.To.Body+" "+r.To.Person)))
		}
	case viewing.ByHandler:
		c, err := a.Looks.CaseOf(p.Context(), l.Case)
		if err != nil {
			return "", err
		}
		ground = p.P.T("player.mark_case", c.No)
	case viewing.ByOwn:
	}
	parts := []string{l.ViewerName, l.ViewerDept, outside, ground, p.Now.In(clock.Shanghai).Format("2006-01-02 15:04")}
	kept := parts[:0]
	for _, s := range parts {
		if s != "" {
			kept = append(kept, s)
		}
	}
	return strings.Join(kept, " "), nil
}
