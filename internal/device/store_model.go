package device

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/ident"
)

// maxAlike bounds how many cameras of a model SameModel gives.
const maxAlike = 50

// SameModel gives the other cameras of a camera's maker and model, the newest first; none where its model is not known.
func SameModel(ctx context.Context, idb bun.IDB, id ident.DeviceID) ([]ident.DeviceID, error) {
	ids := []ident.DeviceID{}
	err := idb.NewSelect().TableExpr("device AS d").Join("JOIN device AS o ON o.model = d.model AND o.maker = d.maker AND o.id <> d.id").
		ColumnExpr("o.id").Where("d.id = ? AND d.model <> ''", id).OrderExpr("o.id DESC").Limit(maxAlike).Scan(ctx, &ids)
	if err != nil {
		return nil, fmt.Errorf("device: model: %w", err)
	}
	return ids, nil
}
