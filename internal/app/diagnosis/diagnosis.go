// Package diagnosis packs what somebody who looks for a fault from far away needs to know of a house into one file (诊断包),
// and nothing of people and evidence. Each part is a list of fields that may go along; what is on no list stays behind.
package diagnosis

import (
	"archive/zip"
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"zhilu.dev/zhilu/internal/backup"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/config"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/countersign"
	"zhilu.dev/zhilu/internal/custody/scrub"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/vault"
)

//go:embed README.txt
var readme []byte

// Sources is where the parts come from. What is nil is not told of.
type Sources struct {
	Clock   clock.Clock
	Place   config.Place
	Server  *config.Server // of the running server
	Version string
	DB      *db.DB
	Vault   vault.Vault
	Scrub   func(ctx context.Context) (*scrub.State, error)
	Refusal func() error // why the log must not be signed
	Recent  *Recent
	Metrics prometheus.Gatherer
}

// patience is how long one part may take.
const patience = time.Minute

type pack struct {
	zip     *zip.Writer
	at      time.Time
	missing map[string]Problem
	err     error
}

// Write packs everything. A part that cannot be had is named in missing.json: a house that is ill has some of those.
func Write(ctx context.Context, w io.Writer, s Sources) error {
	p := &pack{zip: zip.NewWriter(w), at: s.Clock.Now(), missing: map[string]Problem{}}
	p.file("README.txt", func(w io.Writer) error {
		_, err := w.Write(readme)
		return err
	})
	p.json(ctx, "versions.json", s.versions)
	p.json(ctx, "configuration.json", s.configuration)
	p.json(ctx, "health.json", s.health)
	p.json(ctx, "fsck.json", s.checks)
	p.json(ctx, "disk.json", s.disks)
	if s.Recent != nil {
		p.file("log.jsonl", func(w io.Writer) error {
			enc := json.NewEncoder(w)
			enc.SetEscapeHTML(false)
			for _, l := range s.Recent.Lines() {
				if err := enc.Encode(l); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if s.Metrics != nil {
		p.file("metrics.txt", s.metrics)
	}
	if s.Server != nil {
		for _, name := range []string{"goroutine", "heap"} {
			p.file(map[string]string{"goroutine": "goroutines.txt", "heap": "heap.txt"}[name], func(w io.Writer) error {
				return pprof.Lookup(name).WriteTo(w, 1)
			})
		}
	}
	if len(p.missing) > 0 {
		p.json(ctx, "missing.json", func(context.Context) (any, error) { return p.missing, nil })
	}
	if p.err != nil {
		return fmt.Errorf("diagnosis: %w", p.err)
	}
	if err := p.zip.Close(); err != nil {
		return fmt.Errorf("diagnosis: %w", err)
	}
	return nil
}

func (p *pack) json(ctx context.Context, name string, read func(context.Context) (any, error)) {
	p.file(name, func(w io.Writer) error {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		v, err := read(ctx)
		if err != nil {
			return err
		}
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(v)
	})
}

func (p *pack) file(name string, write func(io.Writer) error) {
	if p.err != nil {
		return
	}
	var b bytes.Buffer
	if err := write(&b); err != nil {
		p.missing[name] = told(err)
		return
	}
	w, err := p.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: p.at})
	if err == nil {
		_, err = w.Write(b.Bytes())
	}
	p.err = err
}

func (s Sources) versions(context.Context) (any, error) {
	v := map[string]any{
		"zhilu": s.Version, "go": runtime.Version(), "os": runtime.GOOS, "arch": runtime.GOARCH, "cpus": runtime.NumCPU(), "kernel": kernel(),
		"made_at": s.Clock.Now().UTC(), "server_runs": s.Server != nil,
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		modules := map[string]string{}
		for _, m := range info.Deps {
			modules[m.Path] = m.Version
		}
		v["modules"] = modules
		for _, set := range info.Settings {
			if slices.Contains([]string{"vcs.revision", "vcs.time", "vcs.modified"}, set.Key) {
				v[set.Key] = set.Value
			}
		}
	}
	return v, nil
}

// configuration tells switches, numbers and kinds. What is an address, a path or a key is told as whether it is set.
func (s Sources) configuration(context.Context) (any, error) {
	v := map[string]any{"own_keys_folder": s.Place.Keys != "", "vault_elsewhere": s.Place.Vault != "", "node_named": s.Place.Node != ""}
	if s.DB != nil {
		v["engine"] = s.DB.Engine
	}
	if c := s.Server; c != nil {
		for name, x := range map[string]any{
			"public_url": c.PublicURL != "", "inner": c.Inner != "", "own_ca": c.TLSCert == "", "plain_http": c.PlainHTTP,
			"idle": c.Idle.String(), "log_level": c.LogLevel.String(), "reserve": int64(c.Reserve), "backup": c.BackupTo != "", "backup_every": c.BackupEvery.String(),
			"witnesses": len(c.Witness), "witness_every": c.WitnessEvery.String(), "tsa": c.TSA != "", "tsa_every": c.TSAEvery.String(),
			"scrub_percent": c.ScrubPercent, "scrub_every": c.ScrubEvery.String(), "otlp": c.OTLP != "", "media_temp": c.MediaTemp != "", "sheet": c.Sheet != "",
		} {
			v[name] = x
		}
	}
	return v, nil
}

func (s Sources) health(ctx context.Context) (any, error) {
	v := map[string]any{}
	if s.DB == nil {
		return nil, fault.New(fault.Unavailable, "diagnose.no_database")
	}
	var unread []string
	put := func(name string, x any, err error) {
		if err != nil {
			unread = append(unread, name)
			return
		}
		v[name] = x
	}
	have, known, err := s.DB.Schema(ctx)
	put("schema", map[string]int64{"database": have, "program": known}, err)
	counts, err := s.DB.Counts(ctx)
	put("rows", counts, err)
	v["database_read_only"] = s.DB.ReadOnly() != nil
	if s.Vault != nil {
		v["vault_read_only"] = s.Vault.ReadOnly() != nil
		room, err := s.Vault.Free(ctx)
		put("vault_room", map[string]int64{"free": room.Free, "total": room.Total, "reserve": room.Reserve}, err)
	}
	if s.Refusal != nil && s.Refusal() != nil {
		v["log_refusing"] = told(s.Refusal())
	}
	if last, err := custody.Latest(ctx, s.DB.Reader); err == nil {
		v["log"] = map[string]any{"size": last.Size, "epoch": last.Epoch, "at": last.At.UTC()}
	}
	pending, err := custody.Pending(ctx, s.DB.Reader)
	put("log_pending", pending, err)
	made, drilled, err := backup.Last(ctx, s.DB.Reader)
	put("backup", run(made), err)
	put("drill", run(drilled), err)
	witnesses, err := countersign.States(ctx, s.DB.Reader)
	states := []map[string]any{}
	for _, w := range witnesses {
		states = append(states, map[string]any{"problem": w.Problem, "size": w.Size, "signed": w.Signed.UTC()})
	}
	put("witnesses", states, err)
	if len(unread) > 0 {
		v["unread"] = unread
	}
	return v, nil
}

func run(r *backup.Run) any {
	if r == nil {
		return nil
	}
	return map[string]any{"at": r.At.UTC(), "ended": r.Ended.UTC(), "ok": r.OK, "code": code(r.Code), "objects": r.Objects, "bytes": r.Bytes, "log_size": r.LogSize}
}

// figures of the entry of a check of the whole house that go along.
var figures = []string{"objects", "bytes", "files", "rows", "receipts", "stages", "waiting", "derivatives", "rebuild", "log_entries", "log_size", "findings"}

// checks tells what the last fsck and the standing check found, by kinds.
func (s Sources) checks(ctx context.Context) (any, error) {
	if s.DB == nil {
		return nil, fault.New(fault.Unavailable, "diagnose.no_database")
	}
	v := map[string]any{"fsck": nil}
	list, err := custody.List(ctx, s.DB.Reader, custody.Filter{Action: "fsck.run", Limit: 1})
	if err != nil {
		return nil, err
	}
	if len(list) == 1 {
		var said map[string]any
		if err := json.Unmarshal(list[0].Detail, &said); err != nil {
			return nil, err
		}
		told := map[string]any{"at": list[0].At.UTC()}
		for _, name := range figures {
			if n, ok := said[name].(float64); ok {
				told[name] = n
			}
		}
		v["fsck"] = told
	}
	if s.Scrub == nil {
		return v, nil
	}
	st, err := s.Scrub(ctx)
	if err != nil {
		return nil, err
	}
	kinds := map[string]int{}
	for _, f := range st.Findings {
		kinds[code(f.Code)]++
	}
	v["scrub"] = map[string]any{
		"cycle": st.Cycle, "began": st.Began.UTC(), "ended": st.Ended.UTC(), "objects": st.Objects, "bytes": st.Bytes, "done": st.Done,
		"oldest": st.Oldest.UTC(), "never": st.Never, "late": st.Late, "rows_at": st.RowsAt.UTC(), "rows_good": st.RowsGood.UTC(), "findings": kinds,
	}
	return v, nil
}

func (s Sources) disks(context.Context) (any, error) {
	folders := map[string]string{"data": s.Place.Data, "keys": s.Place.Keys}
	if s.Server != nil {
		folders["backup"], folders["media"] = s.Server.BackupTo, s.Server.MediaTempDir()
	}
	v := map[string]any{}
	for name, dir := range folders {
		if dir == "" {
			continue
		}
		d, err := DiskOf(dir)
		if err != nil {
			v[name] = told(err)
			continue
		}
		v[name] = d
	}
	return v, nil
}

// labels of figures that go along. A witness is named by whoever runs it, so its name does not.
var labels = []string{"kind", "le", "quantile", "method", "area", "class", "status", "code", "problem", "certificate", "db_name", "version", "outcome"}

func (s Sources) metrics(w io.Writer) error {
	families, err := s.Metrics.Gather()
	if err != nil {
		return err
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			m.Label = slices.DeleteFunc(m.Label, func(l *dto.LabelPair) bool { return !slices.Contains(labels, l.GetName()) })
		}
		if _, err := expfmt.MetricFamilyToText(w, f); err != nil {
			return err
		}
	}
	return nil
}
