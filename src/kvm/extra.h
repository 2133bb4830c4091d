/*
 * KVM calls that only the host probe needs: asking a descriptor of unknown origin which KVM API it speaks,
 * and mapping the ring of dirty pages (KVM API documentation, "KVM_GET_API_VERSION",
 * "KVM_CAP_DIRTY_LOG_RING").
 */
#ifndef RINGSIDE_KVM_EXTRA_H
#define RINGSIDE_KVM_EXTRA_H

#include "kvm/kvm.h"

/* The API version behind the open descriptor `fd`, or -1 with errno set when it is not KVM's system
 * descriptor. */
int kvm_fd_api_version(int fd);

/* Maps the first `len` bytes (a multiple of the page size) of the vCPU's dirty ring, which the VM must have
 * been given before its first vCPU. The caller unmaps. NULL with `e` filled on failure. */
struct kvm_dirty_gfn *kvm_vcpu_map_dirty_ring(const struct kvm_vcpu *v, size_t len, struct err *e);

#endif
