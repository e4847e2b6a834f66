package regulation

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/ident"
)

type settingRow struct {
	bun.BaseModel `bun:"table:regulation_setting"`

	ID        ident.SettingID `bun:"id,pk"`
	Number    int             `bun:"number"`
	Settings  string          `bun:"settings"`
	AdoptedAt int64           `bun:"adopted_at"`
	AdoptedBy ident.PersonID  `bun:"adopted_by"`
	Entry     ident.EntryID   `bun:"entry_id"`
}

func (r settingRow) version() (Version, error) {
	v := Version{
		ID: r.ID, Number: r.Number, AdoptedAt: clock.FromMicros(r.AdoptedAt), AdoptedBy: r.AdoptedBy, Entry: r.Entry,
	}
	if err := json.Unmarshal([]byte(r.Settings), &v.Settings); err != nil {
		return Version{}, fmt.Errorf("regulation: version %d: %w", r.Number, err)
	}
	return v, nil
}

func encode(s Settings) ([]byte, error) { return json.Marshal(s) }

func insert(ctx context.Context, idb bun.IDB, v Version, raw []byte) error {
	_, err := idb.NewInsert().Model(&settingRow{
		ID: v.ID, Number: v.Number, Settings: string(raw), AdoptedAt: clock.Micros(v.AdoptedAt), AdoptedBy: v.AdoptedBy, Entry: v.Entry,
	}).Exec(ctx)
	return err
}

func current(ctx context.Context, idb bun.IDB) (Version, error) {
	return on(ctx, idb, time.UnixMicro(math.MaxInt64))
}

func on(ctx context.Context, idb bun.IDB, at time.Time) (Version, error) {
	var r settingRow
	err := idb.NewSelect().Model(&r).Where("adopted_at <= ?", clock.Micros(at)).OrderExpr("number DESC").Limit(1).Scan(ctx)
	if err != nil {
		return Version{}, db.NotFound(err, "setting.none")
	}
	return r.version()
}

func history(ctx context.Context, idb bun.IDB) ([]Version, error) {
	var rows []settingRow
	if err := idb.NewSelect().Model(&rows).OrderExpr("number DESC").Limit(200).Scan(ctx); err != nil {
		return nil, fmt.Errorf("regulation: history: %w", err)
	}
	out := make([]Version, len(rows))
	for i, r := range rows {
		v, err := r.version()
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}
