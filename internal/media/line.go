package media

import (
	"bytes"
	"context"
	"io"
	"time"

	"zhilu.dev/zhilu/internal/media/bmff"
	"zhilu.dev/zhilu/internal/media/exif"
	"zhilu.dev/zhilu/internal/media/fence"
	"zhilu.dev/zhilu/internal/media/place"
	"zhilu.dev/zhilu/internal/media/profile"
	"zhilu.dev/zhilu/internal/media/sniff"
	"zhilu.dev/zhilu/internal/media/timeline"
)

// structure reads what the bytes show without ffprobe: the boxes of an ISO base media file with all their times, the
// fields of a picture, and whether the file ends before it should. An error means that the bytes could not be read.
func (f *Facts) structure(ctx context.Context, src Source, head []byte) error {
	switch {
	case f.Kind == sniff.JPEG:
		f.picture(head)
		return nil
	case f.Kind.BMFF():
		return f.boxes(ctx, src)
	case f.Kind.Still() || f.Kind.Demuxer() == "":
		return nil
	case riffShort(head, src.Size):
		f.flag(FlagTruncated)
	}
	form, err := profile.Read(src, src.Size, f.Kind)
	f.Form = &form
	return err
}

func (f *Facts) boxes(ctx context.Context, src Source) error {
	line, file, err := timeline.Read(ctx, src, src.Size)
	if err != nil {
		return err
	}
	claims, err := place.OfRecording(ctx, src, src.Size, file)
	if err != nil {
		return err
	}
	f.HasGPS = len(claims) > 0
	if !f.Kind.Still() {
		form := profile.OfRecording(f.Kind, file, line)
		if err := form.Signed(ctx, src, src.Size, file); err != nil {
			return err
		}
		f.Timeline, f.Form = &line, &form
	}
	if file.Short {
		f.flag(FlagTruncated)
	}
	if file.NoIndex && f.Reason == "" {
		f.Reason = ReasonMoovMissing
	}
	return nil
}

// picture takes what a JPEG says of its capture. ffprobe would have to decode the picture to tell it.
func (f *Facts) picture(head []byte) {
	e, ok := exif.Read(head)
	if !ok {
		return
	}
	f.Device = Device{Maker: clean(e.Maker), Model: clean(e.Model), Serial: clean(e.Serial), Encoder: clean(e.Software)}
	f.HasGPS = e.HasGPS
	if raw := clean(e.Time + e.Offset); raw != "" {
		t := TagTime{Tag: "exif", Raw: raw, Track: -1}
		t.At, t.Zone, t.Valid = parseTagTime(raw)
		f.Times = append(f.Times, t)
	}
}

// packets has ffprobe list the packets of a file whose container has no tables of its own to read: from the file at
// path, or through a pipe if path is empty.
func (p *Prober) packets(ctx context.Context, facts *Facts, path string, src Source) error {
	if facts.Kind.BMFF() || facts.Kind.Still() || len(facts.Tracks) == 0 {
		return nil
	}
	var tracks []timeline.PacketTrack
	for _, t := range facts.Tracks {
		tracks = append(tracks, timeline.PacketTrack{Handler: t.handler(), Codec: t.Codec})
	}
	list := timeline.NewPackets(tracks)
	out, err := p.fence.Packets(ctx, path, io.NewSectionReader(src, 0, src.Size), facts.Kind.Demuxer(), timeline.PacketEntries, timeline.PacketForm, list)
	if err != nil {
		return err
	}
	line := list.Timeline(out.End != fence.Done)
	if facts.Has(FlagTruncated) {
		line.Doubts = append(line.Doubts, timeline.DoubtCutOff)
	}
	facts.Timeline = &line
	return nil
}

// Uneven is how much sooner or later a track may begin or end than another before it counts as a finding.
const Uneven = time.Second

// uneven flags what the timeline shows: gaps, and tracks that do not cover one another.
func (f *Facts) uneven() {
	t := f.Timeline
	if t == nil || t.Source == timeline.FromNothing {
		return
	}
	if t.Gaps() > 0 {
		f.flag(FlagGaps)
	}
	var picture, sound *timeline.Line
	for i, l := range t.Lines {
		switch {
		case l.Here == 0:
		case l.Handler == "vide" && picture == nil:
			picture = &t.Lines[i]
		case l.Handler == "soun" && sound == nil:
			sound = &t.Lines[i]
		}
	}
	if picture == nil || sound == nil || t.Has(timeline.DoubtCutOff) || t.Has(timeline.DoubtReader) {
		return // what was cut off ends where it was cut
	}
	if sound.Start > picture.Start+Uneven || sound.End < picture.End-Uneven {
		f.flag(FlagSoundShort)
	}
	if picture.Start > sound.Start+Uneven || picture.End < sound.End-Uneven {
		f.flag(FlagPictureShort)
	}
}

// handler is a track's kind in the letters of ISO base media files.
func (t Track) handler() string {
	switch t.Kind {
	case TrackVideo:
		return "vide"
	case TrackAudio:
		return "soun"
	case TrackSubtitle:
		return "text"
	case TrackData, TrackImage:
	}
	return "meta"
}

// form completes the profile of a file whose container keeps its figures inside its streams.
func (f *Facts) form() {
	if f.Form == nil || f.Kind.BMFF() {
		return
	}
	var seen []profile.Seen
	for _, t := range f.Tracks {
		seen = append(seen, profile.Seen{
			Kind: t.handler(), Codec: t.Codec, Width: t.Width, Height: t.Height, Rate: t.Rate, Channels: t.Channels, SampleRate: t.SampleRate,
		})
	}
	f.Form.Complete(seen, f.Device.Encoder)
}

// Places reads where a file claims its camera to have been. That is a look (decision 1): it is no part of the facts,
// and whoever calls this answers for who sees it. An error means that the bytes could not be read, or that ctx ended.
func Places(ctx context.Context, src Source, facts Facts) ([]place.Claim, error) {
	var claims []place.Claim
	switch {
	case facts.Kind == sniff.JPEG:
		head := make([]byte, min(src.Size, sniff.HeadLen))
		if _, err := src.ReadAt(head, 0); err != nil && len(head) > 0 {
			return nil, err
		}
		claims = place.OfPicture(head)
	case facts.Kind.BMFF():
		file, err := bmff.Open(ctx, src, src.Size, nil)
		if err != nil {
			return nil, err
		}
		if claims, err = place.OfRecording(ctx, src, src.Size, file); err != nil {
			return nil, err
		}
	}
	if len(claims) == 0 && facts.HasGPS {
		claims = append(claims, place.Claim{Source: place.Tag})
	}
	return claims, nil
}

// ReportTimeline is the file's tracks in time.
type ReportTimeline struct {
	Source        timeline.Source  `json:"source"`
	Doubt         []timeline.Doubt `json:"doubt"`
	ClaimedS      *float64         `json:"claimed_s,omitempty"`
	FragmentsLost int64            `json:"fragments_lost,omitempty"`
	Tracks        []ReportLine     `json:"tracks"`
}

// ReportLine is one track in time; what is not known is left out.
type ReportLine struct {
	Track     int     `json:"track"`
	Codec     string  `json:"codec,omitempty"`
	TimeScale int64   `json:"time_scale,omitempty"`
	StartS    float64 `json:"start_s"`
	EndS      float64 `json:"end_s"`
	StepS     float64 `json:"step_s,omitempty"`
	Samples   int64   `json:"samples"`
	Here      int64   `json:"samples_here"`
	Gaps      int64   `json:"gaps"`
}

// ReportGap is a stretch in which a track has nothing.
type ReportGap struct {
	Track   int     `json:"track"`
	AtS     float64 `json:"at_s"`
	LengthS float64 `json:"length_s"`
}

// micro is seconds with six decimals.
func micro(d time.Duration) float64 { return float64(d.Round(time.Microsecond)/time.Microsecond) / 1e6 }

// timed fills in the timeline and the gaps of all tracks, in the order of the file's own time line.
func (r *Report) timed(t *timeline.Timeline) {
	r.Gaps = []ReportGap{}
	if t == nil {
		return
	}
	out := &ReportTimeline{
		Source: t.Source, Doubt: append([]timeline.Doubt{}, t.Doubts...), FragmentsLost: t.FragmentsLost, Tracks: make([]ReportLine, 0, len(t.Lines)),
	}
	if t.Claimed > 0 {
		s := micro(t.Claimed)
		out.ClaimedS = &s
	}
	for _, l := range t.Lines {
		out.Tracks = append(out.Tracks, ReportLine{
			Track: l.Track, Codec: clean(l.Codec), TimeScale: l.Scale, StartS: micro(l.Start), EndS: micro(l.End), StepS: micro(l.Usual),
			Samples: l.Samples, Here: l.Here, Gaps: l.GapCount,
		})
		for _, g := range l.Gaps {
			r.Gaps = append(r.Gaps, ReportGap{Track: l.Track, AtS: micro(g.At), LengthS: micro(g.Length)})
		}
	}
	r.Timeline = out
}

// riffShort reports whether a RIFF file (AVI, WAV) claims more bytes than it has. Recorders that lose power leave 0 or
// all ones in the size; those claim nothing.
func riffShort(head []byte, size int64) bool {
	if len(head) < 12 || !bytes.Equal(head[:4], []byte("RIFF")) {
		return false
	}
	claimed := int64(head[4]) | int64(head[5])<<8 | int64(head[6])<<16 | int64(head[7])<<24
	return claimed != 0xffffffff && claimed+8 > size+1
}
