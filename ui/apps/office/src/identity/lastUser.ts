import { ref } from 'vue'

/** Who was signed in when the session ended; in memory only. */
export const lastUser = ref<{ person_id: string; username: string }>()
