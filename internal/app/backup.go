package app

import (
	"context"
	"errors"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody/fsck"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/rescue"
	"zhilu.dev/zhilu/internal/vault/localdir"
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
