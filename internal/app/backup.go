package app

import (
	"context"
	"errors"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/backup"
	"zhilu.dev/zhilu/internal/custody/fsck"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/rescue"
	"zhilu.dev/zhilu/internal/vault/localdir"
	"zhilu.dev/zhilu/internal/web/house"
	"zhilu.dev/zhilu/internal/web/ui"
)

// rescue wires backups.
func (h *House) rescue() *rescue.Service {
	return rescue.New(rescue.Config{
		Place: h.Place, Database: DatabaseURL(h.Place), DB: h.DB, Gate: h.Gate, Keys: h.Keys, Bureau: h.Bureau.ID, Vault: h.readVault,
		Catalog: recording.Catalog{}, Tables: vouched(), Plan: h.server, Clock: h.Clock, Log: h.Log,
	})
}

// readVault opens a folder as a vault of ours, to read it; "" is the house's own, wherever that is.
func (h *House) readVault(dir string) (rescue.Vault, error) {
	ring, err := LoadStorageKeys(h.Place.Keys)
	if err != nil {
		return nil, err
	}
	cfg := localdir.Config{Dir: dir, Keys: ring, Node: nodeOf(h.Place), Clock: h.Clock, Log: h.Log}
	if dir != "" {
		return localdir.Inspect(cfg, true)
	}
	v, err := inspectVault(h.Place, cfg, true)
	if err != nil {
		return nil, err
	}
	return v.(rescue.Vault), nil //nolint:forcetypeassert // both kinds can
}

// Backup backs a house up from the host.
func Backup(ctx context.Context, c OpenConfig, q rescue.Request) (_ *rescue.Backed, err error) {
	h, err := Open(ctx, c)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	return h.rescue().Backup(ctx, access.HostActor("backup"), q)
}

// Restore restores a house from a backup and checks what came out.
func Restore(ctx context.Context, c rescue.RestoreConfig) (_ *rescue.Restored, err error) {
	c.CA = caPublicFile
	c.Check = func(ctx context.Context) (*fsck.Report, error) {
		return inspect(ctx, FsckConfig{Place: c.Place, Clock: c.Clock, Log: c.Log})
	}
	if c.VaultDir, err = vaultDir(c.Place); err != nil {
		return nil, err
	}
	return rescue.Restore(ctx, c)
}

// backupHealth says when the house was last backed up, and when what was written was last restored.
func (h *House) backupHealth(ctx context.Context, p locale.Printer) []house.Health {
	made, drilled, err := h.rescue().Last(ctx)
	if err != nil {
		return []house.Health{{Label: p.T("health.backup"), Value: p.T("health.unknown"), Tone: ui.Late, Icon: "alert-triangle"}}
	}
	if made == nil && (h.server == nil || h.server.BackupTo == "") {
		return []house.Health{{Label: p.T("health.backup"), Value: p.T("health.backup_none"), Tone: ui.Late, Icon: "alert-triangle", Do: p.T("health.backup_none_do")}}
	}
	every := 24 * time.Hour
	if h.server != nil && h.server.BackupTo != "" {
		every = h.server.BackupEvery
	}
	line := func(label string, r *backup.Run, value func() string) house.Health {
		now := h.Clock.Now()
		switch {
		case r == nil:
			return house.Health{Label: p.T(label), Value: p.T("health.backup_never"), Tone: ui.Late, Icon: "alert-triangle", Do: p.T("health.backup_do")}
		case now.Sub(r.At) > 2*every:
			return house.Health{Label: p.T(label), Value: value(), Tone: ui.Late, Icon: "alert-triangle", Do: p.T("health.backup_do")}
		}
		return house.Health{Label: p.T(label), Value: value(), Tone: ui.OK, Icon: "circle-check"}
	}
	return []house.Health{
		line("health.backup", made, func() string {
			return p.T("health.backup_value", p.When(made.Ended, h.Clock.Now()), made.Objects, p.Size(made.Bytes))
		}),
		line("health.drill", drilled, func() string {
			return p.T("health.drill_value", p.When(drilled.Ended, h.Clock.Now()), drilled.Objects, drilled.LogSize)
		}),
	}
}
