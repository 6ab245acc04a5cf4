package storage

import (
	"fmt"
	"path/filepath"

	"holdfast/storage/internal/durable"
)

// VolumeID reads who the volume in a directory is, without opening a store. An error says that there is no volume.
func VolumeID(path string) (string, error) {
	data, err := durable.ReadFile(durable.OS, filepath.Join(path, identityName), identityLimit)
	if err != nil {
		return "", fmt.Errorf("read volume identity: %w", err)
	}
	id, err := parseIdentity(data)
	return id.Volume, err
}
