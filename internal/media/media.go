// Package media says what a file says of itself: container, codecs, duration and start time, without showing a
// picture of it. Everything it reads is hostile: bytes come from cards anybody may have written. The kind is told
// from the bytes and never from the name; ffprobe runs with a forced demuxer, on one file, behind a sandbox (ADR 0002,
// threats T16 to T18 and T22); and whatever goes wrong ends as a flag on the facts, never as a lost file.
//
// The facts are claims of the camera. They are shown with their source and their doubt, and nothing in them is a look
// at the recording (decision 1): no frame, no sound, no place.
package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/media/fence"
	"zhilu.dev/zhilu/internal/media/profile"
	"zhilu.dev/zhilu/internal/media/sniff"
	"zhilu.dev/zhilu/internal/media/timeline"
)

// TrackKind is what a track carries.
type TrackKind string

// The track kinds.
const (
	TrackVideo    TrackKind = "video"
	TrackAudio    TrackKind = "audio"
	TrackData     TrackKind = "data"
	TrackSubtitle TrackKind = "subtitle"
	TrackImage    TrackKind = "image" // a still picture, or the cover of a sound file
)

// Track is one stream of a file. Zero means not known.
type Track struct {
	Index         int
	Kind          TrackKind
	Codec         string
	Width, Height int     // pixels, as coded
	Rate          float64 // frames a second
	Channels      int
	SampleRate    int // hertz
	Language      string
	Seconds       float64 // duration
	Start         float64 // seconds on the file's own time line
}

// Device is what a file claims of the camera and program that made it. Opaque text, already cleaned.
type Device struct{ Maker, Model, Serial, Firmware, Encoder string }

// TagTime is one moment found in the container.
type TagTime struct {
	Tag   string // name of the tag, lower case
	Raw   string
	Track int       // -1 for the container itself
	At    time.Time // with ZoneNone the camera's face written as if it were UTC
	Zone  ZoneKind
	Valid bool
}

// Flag is a finding on a file that a person should know. The set is closed and its codes are stable.
type Flag string

// The flags.
const (
	FlagEmpty        Flag = "empty"              // no bytes
	FlagUnreadable   Flag = "unreadable"         // ffprobe could make nothing of it, or a limit was hit; Facts.Reason says which
	FlagTruncated    Flag = "truncated"          // the file ends before its own structure does
	FlagForeign      Flag = "foreign"            // not a recording by its bytes, whatever its name
	FlagMisnamed     Flag = "misnamed"           // a recording, but of another kind than its name says
	FlagNoVideo      Flag = "no_video"           // no picture track where one is expected
	FlagNoAudio      Flag = "no_audio"           // no sound track where one is expected
	FlagClockDoubt   Flag = "clock_doubtful"     // the start time carries a doubt
	FlagNameMismatch Flag = "name_time_mismatch" // name and container disagree, and no known habit explains it
	FlagTimeMissing  Flag = "time_missing"       // no source gives a start
	FlagFuture       Flag = "time_in_future"     // the start lies after the file was seen
	FlagPicture      Flag = "picture"            // a still picture, not a recording
	FlagGaps         Flag = "gaps"               // a track has nothing for a while, see Facts.Timeline
	FlagSoundShort   Flag = "sound_short"        // sound begins later or ends sooner than the picture, by more than Uneven
	FlagPictureShort Flag = "picture_short"      // the other way round
)

// Reasons why a file is unreadable, in Facts.Reason.
const (
	ReasonWallTime     = "limit_time"
	ReasonCPU          = "limit_cpu"
	ReasonOutput       = "limit_output"
	ReasonFigures      = "limit_figures" // tracks, sizes or rates beyond every camera's
	ReasonMoovMissing  = "index_missing" // recording was cut off before the camera wrote the index
	ReasonToolFailed   = "tool_failed"   // ffprobe gave up on it
	ReasonNotParsed    = "answer_not_understood"
	ReasonNoTracks     = "no_tracks"
	ReasonUnknownBytes = "unknown_format"
	ReasonNoReader     = "no_reader" // the kind is known, but nothing here reads it
)

// Facts is what is known of a file from itself.
type Facts struct {
	Name    NameFacts
	Size    int64
	ModTime time.Time

	Kind       sniff.Kind
	FormatName string // ffprobe's name of the container; "" if it was not read
	Brand      string // major brand of an ISO base media file
	// Duration is of the longest track; HasDuration is false where it is not known (a picture, an unreadable file).
	Duration    time.Duration
	HasDuration bool
	Tracks      []Track
	Device      Device
	Times       []TagTime
	Timecode    string
	HasGPS      bool // the file holds places; which ones is a look
	// Timeline is when its tracks begin and end and where they have gaps; nil of pictures, and where nothing tells.
	Timeline *timeline.Timeline
	// Form is what the file's form looks like, to be compared with others of its camera; nil of pictures.
	Form *profile.Profile

	Start  Start
	Flags  []Flag // in the order of their declaration, never nil
	Reason string // why unreadable; "" otherwise
	Detail string // first line of ffprobe's complaint, cleaned; for the operator

	Sandbox string // what ffprobe ran behind: "bwrap", "rlimit", or "none" if it was not run
	Tool    string // ffprobe and its version; "" if it was not run
	// Windowed: ffprobe saw head, tail and index of a large file, not all of it.
	Windowed bool
}

// sandboxNone is Facts.Sandbox of a file that ffprobe was never run on.
const sandboxNone = "none"

// Has reports whether the flag is set.
func (f Facts) Has(flag Flag) bool { return slices.Contains(f.Flags, flag) }

// Config is what a Prober needs.
type Config struct {
	Logger *slog.Logger   // required
	Clock  clock.Clock    // required
	Zone   *time.Location // the cameras' zone; nil is Asia/Shanghai
	// TempDir is where windows of stored objects are written for the moment of a probe, in the clear, mode 0600.
	// Put it on memory or an encrypted disk. "" is the system's.
	TempDir string
	FFprobe string // path; "" looks it up
	Bwrap   string // path; "" looks it up
	// AllowRlimit lets files be probed without bubblewrap where that does not work. Without it New fails there.
	AllowRlimit bool
	NoBwrap     bool // never use bubblewrap; needs AllowRlimit. For hosts whose own fence forbids namespaces, and tests.
	Limits      fence.Limits
}

// Prober reads facts out of files. It is safe for concurrent use, though one at a time is what the house runs.
type Prober struct {
	cfg   Config
	fence *fence.Fence
}

// New makes a Prober and tries its sandbox. Faults: Invalid "media.config" for a missing part, Unavailable
// "media.tool_missing" without ffprobe or prlimit, Unavailable "media.sandbox_unavailable" where bubblewrap does not
// work and cfg does not allow less.
func New(ctx context.Context, cfg Config) (*Prober, error) {
	switch {
	case cfg.Logger == nil:
		return nil, fault.New(fault.Invalid, "media.config", "Logger")
	case cfg.Clock == nil:
		return nil, fault.New(fault.Invalid, "media.config", "Clock")
	}
	if cfg.Zone == nil {
		cfg.Zone = clock.Shanghai
	}
	f, err := fence.New(ctx, fence.Config{
		Logger: cfg.Logger, FFprobe: cfg.FFprobe, Bwrap: cfg.Bwrap, AllowRlimit: cfg.AllowRlimit, NoBwrap: cfg.NoBwrap, Limits: cfg.Limits,
	})
	if err != nil {
		return nil, err
	}
	return &Prober{cfg: cfg, fence: f}, nil
}

// Sandbox names the fence in use: fence.Bwrap or fence.Rlimit.
func (p *Prober) Sandbox() string { return p.fence.Mode() }

// Source is a file to probe.
type Source struct {
	io.ReaderAt
	Size    int64
	Name    string    // as on the card; only ever read as text
	ModTime time.Time // as on the card; zero if unknown
	// ModTimeExact: the modification time is certainly an instant. Leave it false for FAT and exFAT cards, whose
	// times are local faces that the reading system places in a zone by guess.
	ModTimeExact bool
	SeenAt       time.Time // when the file was taken in; zero is now
}

// Probe reads the facts of a stored object. Of a large object only head, tail and index are copied in the clear, for
// the moment of the probe. What is wrong with the file comes back as flags; an error means that the bytes could not be
// read, the scratch file not written, or ctx ended, and says nothing about the file.
func (p *Prober) Probe(ctx context.Context, src Source) (Facts, error) {
	if src.ReaderAt == nil || src.Size < 0 {
		return Facts{}, fault.New(fault.Invalid, "media.config", "Source")
	}
	facts, err := p.begin(ctx, src)
	if err != nil {
		return Facts{}, err
	}
	if facts.Kind.Demuxer() != "" {
		if err := p.window(ctx, src, &facts); err != nil {
			return Facts{}, err
		}
	}
	p.finish(&facts, src)
	return facts, nil
}

// ProbeFile reads the facts of a file on disk, which is itself bound into the sandbox. Folders, devices and pipes are
// fault Invalid "media.not_a_file"; a missing file is NotFound "media.file_missing".
func (p *Prober) ProbeFile(ctx context.Context, path string) (Facts, error) {
	real, info, err := regular(path)
	if err != nil {
		return Facts{}, err
	}
	f, err := os.Open(real) //nolint:gosec // reading the file the operator named is the purpose
	if err != nil {
		return Facts{}, fault.Wrap(err, fault.Forbidden, "media.file_closed", clean(path))
	}
	defer func() { _ = f.Close() }() // only read
	src := Source{ReaderAt: f, Size: info.Size(), Name: path, ModTime: info.ModTime().UTC()}
	facts, err := p.begin(ctx, src)
	if err != nil {
		return Facts{}, err
	}
	if demuxer := facts.Kind.Demuxer(); demuxer != "" {
		out, err := p.fence.Run(ctx, real, demuxer, probeEntries)
		if err != nil {
			return Facts{}, err
		}
		if out.End == fence.Setup {
			// Root's file rights end at the sandbox's border: what only its owner may read comes in as a copy.
			if err := p.window(ctx, src, &facts); err != nil {
				return Facts{}, err
			}
		} else {
			p.take(&facts, out)
			if err := p.packets(ctx, &facts, real, src); err != nil {
				return Facts{}, err
			}
		}
	}
	p.finish(&facts, src)
	return facts, nil
}

// begin tells the kind and what the bytes show without ffprobe.
func (p *Prober) begin(ctx context.Context, src Source) (Facts, error) {
	facts := Facts{Name: ParseName(src.Name), Size: src.Size, ModTime: src.ModTime, Sandbox: sandboxNone, Flags: []Flag{}}
	head := make([]byte, min(src.Size, sniff.HeadLen))
	if n, err := src.ReadAt(head, 0); n < len(head) {
		return Facts{}, fmt.Errorf("read head of file: %w", errors.Join(err, io.ErrUnexpectedEOF))
	}
	facts.Kind = sniff.Of(head)
	expected := sniff.ByExtension(facts.Name.Ext)
	switch {
	case facts.Kind == sniff.Empty:
		facts.flag(FlagEmpty)
	case facts.Kind == sniff.Unknown && expected != nil:
		facts.unreadable(ReasonUnknownBytes)
	case !facts.Kind.Media():
		facts.flag(FlagForeign)
		if expected == nil && facts.Kind == sniff.Unknown {
			facts.Reason = ReasonUnknownBytes
		}
	case facts.Kind.Demuxer() == "":
		facts.Reason = ReasonNoReader
	}
	if facts.Kind.Media() {
		if facts.Name.Ext != "" && !slices.Contains(expected, facts.Kind) {
			facts.flag(FlagMisnamed)
		}
		if facts.Kind.Still() {
			facts.flag(FlagPicture)
		}
	}
	return facts, facts.structure(ctx, src, head)
}

func (p *Prober) window(ctx context.Context, src Source, facts *Facts) error {
	path, remove, err := fence.Window(p.cfg.TempDir, src, src.Size, facts.Kind.BMFF())
	if err != nil {
		return err
	}
	defer remove()
	facts.Windowed = src.Size > fence.WholeLimit
	out, err := p.fence.Run(ctx, path, facts.Kind.Demuxer(), probeEntries)
	if err != nil {
		return err
	}
	if out.End == fence.Setup {
		return fault.Wrap(fmt.Errorf("start sandbox: %w (%q)", out.Err, out.Complaint), fault.Unavailable, "media.sandbox_unavailable")
	}
	p.take(facts, out)
	if facts.Windowed { // a window has holes; of a large object all packets go through a pipe
		path = ""
	}
	return p.packets(ctx, facts, path, src)
}

// take reads ffprobe's answer into the facts.
func (p *Prober) take(facts *Facts, out fence.Outcome) {
	facts.Sandbox, facts.Detail = p.fence.Mode(), firstLine(out.Complaint)
	answer, err := parseProbe(out.Out, facts.Kind.Still())
	facts.Tool = answer.Tool
	switch out.End {
	case fence.Output:
		facts.unreadable(ReasonOutput)
		return
	case fence.Wall:
		facts.unreadable(ReasonWallTime)
		return
	case fence.CPU:
		facts.unreadable(ReasonCPU)
		return
	case fence.Failed, fence.Setup:
		facts.unreadable(ReasonToolFailed)
		return
	case fence.Done:
	}
	switch {
	case err != nil:
		facts.unreadable(ReasonNotParsed)
		return
	case len(answer.Tracks) == 0:
		facts.unreadable(ReasonNoTracks)
	}
	facts.FormatName, facts.Brand, facts.Tracks = answer.Format, answer.Brand, answer.Tracks
	if facts.Kind != sniff.JPEG { // whose own fields are known already
		facts.Times, facts.Device, facts.Timecode, facts.HasGPS = answer.Times, answer.Device, answer.Timecode, facts.HasGPS || answer.HasGPS
	}
	if answer.HasSeconds && !facts.Kind.Still() {
		facts.Duration, facts.HasDuration = time.Duration(answer.Seconds*float64(time.Second)).Round(time.Microsecond), true
	}
	facts.form()
	if answer.Absurd {
		facts.unreadable(ReasonFigures)
	}
}

// finish chooses the start and sets the flags that follow from the facts.
func (p *Prober) finish(facts *Facts, src Source) {
	seen := src.SeenAt
	if seen.IsZero() {
		seen = p.cfg.Clock.Now()
	}
	facts.Start = ChooseStart(facts.candidates(src.ModTimeExact), facts.Duration, seen, p.cfg.Zone)
	has := func(k TrackKind) bool {
		return slices.ContainsFunc(facts.Tracks, func(t Track) bool { return t.Kind == k })
	}
	if len(facts.Tracks) > 0 && !facts.Kind.Still() {
		if !has(TrackVideo) && !facts.Kind.AudioOnly() {
			facts.flag(FlagNoVideo)
		}
		if !has(TrackAudio) {
			facts.flag(FlagNoAudio)
		}
	}
	facts.uneven()
	doubt := func(d Doubt) bool { return slices.Contains(facts.Start.Doubt, d) }
	if len(facts.Start.Doubt) > 0 {
		facts.flag(FlagClockDoubt)
	}
	if doubt(DoubtDisagree) && facts.Name.HasTime {
		facts.flag(FlagNameMismatch)
	}
	if doubt(DoubtNoTime) {
		facts.flag(FlagTimeMissing)
	}
	if doubt(DoubtFuture) {
		facts.flag(FlagFuture)
	}
	slices.SortFunc(facts.Flags, func(a, b Flag) int { return slices.Index(allFlags, a) - slices.Index(allFlags, b) })
}

var allFlags = []Flag{
	FlagEmpty, FlagUnreadable, FlagTruncated, FlagForeign, FlagMisnamed, FlagNoVideo, FlagNoAudio, FlagClockDoubt,
	FlagNameMismatch, FlagTimeMissing, FlagFuture, FlagPicture, FlagGaps, FlagSoundShort, FlagPictureShort,
}

// candidates gathers every reading of the start time.
func (f *Facts) candidates(exact bool) []Candidate {
	var out []Candidate
	for _, t := range f.Times {
		c := Candidate{Raw: t.Raw, At: t.At, Zone: t.Zone, LocalHabit: strings.EqualFold(f.Device.Maker, "GoPro")}
		switch t.Zone {
		case ZoneOffset:
			c.Source = OriginContainerZone
		case ZoneUTC:
			c.Source = OriginContainerUTC
		case ZoneNone:
			c.Source = OriginContainerLocal
		}
		out = append(out, c)
	}
	if f.Name.HasTime {
		out = append(out, Candidate{Source: OriginName, Raw: f.Name.RawTime, At: f.Name.Time.In(time.UTC)})
	}
	if !f.ModTime.IsZero() {
		out = append(out, Candidate{Source: OriginFileSystem, Raw: f.ModTime.UTC().Format(time.RFC3339Nano), At: f.ModTime.UTC(), Zone: ZoneUTC, Exact: exact})
	}
	return out
}

func (f *Facts) flag(flag Flag) {
	if !f.Has(flag) {
		f.Flags = append(f.Flags, flag)
	}
}

func (f *Facts) unreadable(reason string) {
	f.flag(FlagUnreadable)
	if f.Reason == "" {
		f.Reason = reason
	}
}
